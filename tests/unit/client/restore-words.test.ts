import { describe, expect, it } from 'vitest';
import type { Restore, RestorePreview } from '#lib/contracts/restore.ts';
import {
  interruptionText,
  phasesOf,
  previewSentence,
  restoreLookOf,
  restoreVerdict,
  sortFindings,
  whyNotRestorable,
} from '#lib/client/restore-words.ts';

type Outcome = Parameters<typeof restoreVerdict>[0];
const done: Outcome = {
  status: 'COMPLETED',
  mode: 'new',
  targetDatabase: 'shop_restored',
  copyDatabase: 'shop_restored',
  progress: null,
  proven: true,
  swap: null,
  safetyBackup: null,
  sideSchema: null,
  tablesUndo: null,
  plan: {
    mode: 'new',
    targetDatabase: 'shop_restored',
    schemaOnly: false,
    dataOnly: false,
    noOwner: false,
    pauseBeforeSwap: false,
    hooks: [],
  },
  error: null,
  checks: [],
};
const swap: NonNullable<Restore['swap']> = {
  keptDatabase: 'shop_before_20261105120000',
  swappedAt: '2026-11-05T12:00:00.000Z',
  interruptionMs: 412,
  undoneAt: null,
  canUndo: true,
};
const running = (phase: NonNullable<Restore['progress']>['phase']): Outcome => ({
  ...done,
  status: 'IN_PROGRESS',
  mode: 'swap',
  targetDatabase: 'shop',
  copyDatabase: 'shop_restore_1',
  progress: {
    phase,
    table: null,
    tablesDone: 0,
    tableCount: 2,
    percent: 10,
    etaSeconds: null,
    cancelRequested: false,
  },
});
const swapped: Outcome = { ...done, mode: 'swap', targetDatabase: 'shop', copyDatabase: null, swap };
const failed = (code: string, more: Partial<Outcome> = {}): Outcome => ({
  ...done,
  status: 'FAILED',
  proven: false,
  error: { code, message: 'the disk is full', hint: null },
  ...more,
});
const textOf = (restore: Outcome): string => {
  const { sentence, lines } = restoreVerdict(restore);
  return [sentence, ...lines].join(' ');
};

describe('the verdict of a restore', () => {
  it('is good only where every fact agreed', () => {
    expect(restoreVerdict(done).state).toBe('OK');
    expect(restoreVerdict({ ...done, proven: false }).state).toBe('WARNING');
    expect(textOf({ ...done, proven: false })).toContain('Not everything could be compared');
    expect(restoreVerdict(swapped).state).toBe('OK');
    expect(restoreVerdict({ ...swapped, proven: false }).state).toBe('WARNING');
  });

  it('says what a swap did, how long it interrupted, and where the old database is', () => {
    expect(textOf(swapped)).toContain('“shop” is the restored database now.');
    expect(textOf(swapped)).toContain('shop_before_20261105120000');
    expect(textOf(swapped)).toContain('412 ms');
  });

  it('says that the old database is back after an undo', () => {
    const undone = {
      ...swapped,
      copyDatabase: 'shop_undone_1',
      swap: { ...swap, undoneAt: '2026-11-05T12:10:00.000Z' },
    };
    expect(restoreLookOf(undone)).toBe('undone');
    expect(textOf(undone)).toContain('again the database it was before');
    expect(textOf(undone)).toContain('shop_undone_1');
  });

  it('says that replaced rows are back after an undo, and where the restored ones are', () => {
    const replaced: Outcome = {
      ...done,
      mode: 'tables',
      targetDatabase: 'shop',
      sideSchema: 'undone_20261105121000',
      tablesUndo: { canUndo: false, undoneAt: '2026-11-05T12:10:00.000Z', changed: [] },
    };
    expect(restoreLookOf(replaced)).toBe('put-back');
    expect(textOf(replaced)).toContain('The rows from before this restore are back in “shop”.');
    expect(textOf(replaced)).toContain('“undone_20261105121000”');
    const live = { ...replaced, tablesUndo: { canUndo: true, undoneAt: null, changed: [] } };
    expect(restoreLookOf(live)).toBe('done');
    expect(textOf(live)).toContain('The tables are back in “shop”.');
  });

  it.each(['new', 'swap', 'tables'] as const)('says of a failed %s that the database is unharmed', (mode) => {
    expect(textOf(failed('storage_full', { mode }))).toMatch(/not touched|as it was before/);
  });

  it('does not say so where it may be harmed, or where the swap was done', () => {
    expect(textOf(failed('storage_full', { mode: 'in-place' }))).not.toMatch(/not touched/);
    const afterSwap = failed('tool_failed', { mode: 'swap', targetDatabase: 'shop', swap });
    expect(textOf(afterSwap)).toContain('“shop” is the restored copy now');
    expect(textOf(afterSwap)).not.toContain('not touched');
  });

  it('says where what was there before is, and which commands failed', () => {
    const inPlace: Outcome = {
      ...done,
      mode: 'in-place',
      targetDatabase: 'shop',
      safetyBackup: { id: 'b1', filename: 'shop_before_restore.dump' },
    };
    expect(restoreVerdict(inPlace).state).toBe('OK');
    expect(textOf(inPlace)).toContain('shop_before_restore.dump');
    const command = (verdict: 'PASSED' | 'FAILED') => ({
      name: 'hook:start-app',
      verdict,
      isRequired: false,
      expected: null,
      found: null,
      reason: null,
      durationMs: 1,
    });
    for (const restore of [done, swapped, inPlace]) {
      expect(restoreVerdict({ ...restore, checks: [command('PASSED')] }).state).toBe('OK');
      expect(restoreVerdict({ ...restore, checks: [command('FAILED')] }).state).toBe('WARNING');
      expect(textOf({ ...restore, checks: [command('FAILED')] })).toContain('start-app');
    }
    const moving: Outcome = { ...running('decoding'), mode: 'in-place' };
    expect(textOf(moving)).toContain('stays in use and is not touched');
    expect(textOf({ ...running('restoring'), mode: 'in-place' })).toContain('do not use it');
  });

  it('calls a cancelled one cancelled, and what was interrupted interrupted', () => {
    expect(restoreLookOf(failed('cancelled'))).toBe('cancelled');
    expect(restoreVerdict(failed('cancelled')).state).toBe('WARNING');
    expect(restoreVerdict(failed('interrupted')).sentence).toContain('interrupted');
  });

  it('tells a copy that waits from one that is still made', () => {
    expect(restoreLookOf(running('ready'))).toBe('ready');
    expect(restoreVerdict(running('ready')).sentence).toContain('Nothing has been swapped');
    expect(restoreVerdict(running('restoring')).state).toBe('RUNNING');
    expect(textOf(running('restoring'))).toContain('stays in use and is not touched');
    expect(textOf(running('swapping'))).toContain('lose their connections');
  });
});

describe('the phases', () => {
  const plan = {
    mode: 'swap',
    targetDatabase: 'shop',
    schemaOnly: false,
    dataOnly: false,
    noOwner: false,
    pauseBeforeSwap: true,
    hooks: [],
  } satisfies Restore['plan'];

  it('have a wait and a swap only where those were asked for', () => {
    expect(phasesOf({ mode: 'swap', plan })).toEqual([
      'preparing',
      'decoding',
      'restoring',
      'comparing',
      'ready',
      'swapping',
      'finishing',
    ]);
    expect(phasesOf({ mode: 'new', plan: { ...plan, mode: 'new', pauseBeforeSwap: false } })).not.toContain(
      'swapping',
    );
    expect(phasesOf({ mode: 'in-place', plan })).toContain('safety-backup');
  });
});

describe('the preview', () => {
  const finding = (state: RestorePreview['findings'][number]['state']) => ({
    name: state.toLowerCase(),
    state,
    detail: 'so it is',
    hint: null,
  });
  const preview = (
    findings: RestorePreview['findings'],
    more: Partial<RestorePreview> = {},
  ): RestorePreview => ({
    canStart: !findings.some(({ state }) => state === 'BLOCKED'),
    environment: 'development',
    needsReason: false,
    creates: [],
    replaces: [],
    drops: [],
    keeps: [],
    sizeBytes: null,
    estimatedSeconds: 240,
    findings,
    ...more,
  });

  it('puts what stops it first and what is fine last', () => {
    const states = (['OK', 'WARNING', 'BLOCKED', 'UNKNOWN'] as const).map(finding);
    expect(sortFindings(states).map(({ state }) => state)).toEqual(['BLOCKED', 'UNKNOWN', 'WARNING', 'OK']);
  });

  it('says in one sentence whether it can start and how long it takes', () => {
    expect(previewSentence(preview([finding('OK')]))).toBe(
      'Nothing stands in the way. It takes about 4 minutes.',
    );
    expect(previewSentence(preview([finding('WARNING'), finding('UNKNOWN')]))).toContain('2 things are');
    expect(previewSentence(preview([finding('BLOCKED')]))).toBe(
      'Something stops this restore. Nothing was changed.',
    );
    expect(previewSentence(preview([], { estimatedSeconds: null }))).toContain('never measured');
  });

  it('never says that it can start when the worker says that it cannot', () => {
    expect(previewSentence(preview([finding('OK')], { canStart: false }))).toContain('stops this restore');
  });
});

it.each([
  [null, 'a time that could not be measured'],
  [0, 'less than 1 ms'],
  [1, '1 ms'],
  [412, '412 ms'],
  [1400, '1.4 s'],
])('says how long an exchange interrupted: %s', (ms, words) => {
  expect(interruptionText(ms)).toBe(words);
});

it('gives a reason for every backup that cannot be restored', () => {
  expect(whyNotRestorable({ status: 'COMPLETED' })).toBeNull();
  for (const status of ['IN_PROGRESS', 'FAILED', 'EXPIRED', 'DELETED'] as const)
    expect(whyNotRestorable({ status })).toMatch(/\.$/);
});

describe('the report of chosen tables', () => {
  const brought = (tablesInto: 'side-schema' | 'replace' | 'append', sideSchema: string): Outcome => ({
    ...done,
    mode: 'tables',
    targetDatabase: 'shop',
    copyDatabase: null,
    sideSchema,
    plan: { ...done.plan, mode: 'tables', targetDatabase: 'shop', tables: ['orders'], tablesInto },
  });

  it.each([
    ['side-schema', 'restored_1', 'stand in “shop”, beside the live ones'],
    ['replace', 'before_1', 'The rows from before are kept in the schema “before_1”'],
    ['append', 'added_1', 'The keys of the rows that were added are in the schema “added_1”'],
  ] as const)('says of %s what is where', (into, schema, words) => {
    expect(textOf(brought(into, schema))).toContain(words);
    expect(textOf(brought(into, schema))).toContain(schema);
    expect(textOf(brought(into, schema))).toContain('Other tables were not touched.');
  });
});
