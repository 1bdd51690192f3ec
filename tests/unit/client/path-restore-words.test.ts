import { describe, expect, it } from 'vitest';
import { RESTORE_MODES, RESTORE_PHASES, type Restore } from '#lib/contracts/restore.ts';
import { SOURCE_KINDS } from '#lib/core/source-kind.ts';
import { exchangeWords } from '#lib/client/exchange-words.ts';
import { keptHolds, keptLoss, keptPlace } from '#lib/client/kept-copy-words.ts';
import { restoreReportVerdict } from '#lib/client/path-restore-verdict.ts';
import {
  modeKeepsOf,
  modeShowsOf,
  modeWordOf,
  restorePhaseText,
  targetHelpOf,
  targetLabelOf,
  typedWord,
} from '#lib/client/restore-kind-words.ts';

type Outcome = Parameters<typeof restoreReportVerdict>[0];
const PATH = '/srv/uploads';
const swap: NonNullable<Restore['swap']> = {
  keptDatabase: '/srv/uploads_before_20261105120000',
  swappedAt: '2026-11-05T12:00:00.000Z',
  interruptionMs: 3,
  undoneAt: null,
  canUndo: true,
};
const done: Outcome = {
  status: 'COMPLETED',
  sourceKind: 'files',
  mode: 'new',
  targetDatabase: `${PATH}_restored`,
  copyDatabase: `${PATH}_restored`,
  progress: null,
  proven: true,
  swap: null,
  safetyBackup: null,
  sideSchema: null,
  tablesUndo: null,
  plan: {
    mode: 'new',
    targetDatabase: `${PATH}_restored`,
    schemaOnly: false,
    dataOnly: false,
    noOwner: false,
    pauseBeforeSwap: false,
    hooks: [],
  },
  error: null,
  checks: [],
};
const live = { mode: 'swap', targetDatabase: PATH, copyDatabase: null } as const;
const swapped: Outcome = { ...done, ...live, swap };
const undone: Outcome = {
  ...swapped,
  copyDatabase: `${PATH}_undone_20261105130000`,
  swap: { ...swap, undoneAt: '2026-11-05T13:00:00.000Z' },
};
const failed: Outcome = {
  ...done,
  ...live,
  status: 'FAILED',
  proven: false,
  error: { code: 'storage_full', message: 'there is no room left', hint: null },
};
const running = (phase: NonNullable<Restore['progress']>['phase']): Outcome => ({
  ...done,
  ...live,
  status: 'IN_PROGRESS',
  progress: {
    phase,
    table: null,
    tablesDone: 0,
    tableCount: 0,
    percent: 10,
    etaSeconds: null,
    cancelRequested: false,
  },
});
const outcomes = { done, swapped, undone, failed, running: running('restoring'), ready: running('ready') };
const textOf = (restore: Outcome): string => {
  const { sentence, lines } = restoreReportVerdict(restore);
  return [sentence, ...lines].join(' ');
};

describe('the verdict of a restore to a path', () => {
  it('is good only where every fact agreed and every command succeeded', () => {
    expect(restoreReportVerdict(done).state).toBe('OK');
    expect(restoreReportVerdict({ ...done, proven: false }).state).toBe('WARNING');
    expect(restoreReportVerdict(swapped).state).toBe('OK');
    const hook = { name: 'hook:start', verdict: 'FAILED' } as Restore['checks'][number];
    expect(restoreReportVerdict({ ...swapped, checks: [hook] }).state).toBe('WARNING');
    expect(restoreReportVerdict(failed).state).toBe('CRITICAL');
  });

  it('says what stands where after each end', () => {
    expect(textOf(swapped)).toContain(swap.keptDatabase);
    expect(textOf(swapped)).toContain('3 ms');
    expect(textOf(undone)).toContain(undone.copyDatabase ?? '');
    expect(textOf(failed)).toContain(`“${PATH}” was not touched`);
    expect(textOf({ ...failed, swap })).toContain(`kept as “${swap.keptDatabase}”`);
    expect(textOf(running('ready'))).toContain('Nothing has been swapped yet');
    expect(textOf(running('restoring'))).toContain('stays in use');
  });

  it.each(Object.entries(outcomes))('never calls a path a database: %s', (_, restore) => {
    expect(textOf(restore)).not.toMatch(/database/i);
    expect(textOf({ ...restore, proven: false })).not.toMatch(/database/i);
  });

  it('of a database is the one it always was', () => {
    const restore: Outcome = { ...done, sourceKind: 'postgres', targetDatabase: 'shop_restored' };
    expect(textOf(restore)).toContain('The database in use was not touched.');
  });
});

describe('the words of the wizard', () => {
  it('of files speak of no database, table or connection', () => {
    const said = RESTORE_MODES.flatMap((mode) => [
      modeWordOf('files', mode),
      modeShowsOf('files', mode),
      modeKeepsOf('files', mode),
      targetLabelOf('files', mode),
      targetHelpOf('files', mode),
    ]);
    said.push(...RESTORE_PHASES.map((phase) => restorePhaseText('files', phase)), typedWord('files'));
    const { aside, meanwhile, before, took } = exchangeWords.files;
    said.push(aside, meanwhile, before, took);
    for (const text of said) expect(text).not.toMatch(/database|table|connection/i);
  });

  it('of every kind say what each mode does and keeps', () => {
    for (const kind of SOURCE_KINDS) {
      for (const mode of RESTORE_MODES) {
        expect(modeShowsOf(kind, mode)).toMatch(/\.$/);
        expect(modeKeepsOf(kind, mode)).toMatch(/^Not touched: .*\.$/);
        expect(targetHelpOf(kind, mode)).toMatch(/\.$/);
      }
    }
    expect(targetHelpOf('redis', 'swap')).toContain('dbfilename');
    expect(modeShowsOf('sqlite', 'swap')).toContain('Stop the application');
  });
});

it('names of kept paths are told as paths', () => {
  const path = { kind: 'path', database: '/srv/uploads_before_1', holds: 'before', isInUse: false } as const;
  expect([keptPlace(path), keptHolds(path), keptLoss(path)].join(' ')).not.toMatch(/database|row|schema/i);
  expect(keptHolds({ ...path, kind: 'database' })).toBe('The database as it was before');
  expect(keptHolds({ ...path, isInUse: true })).toContain('waits or runs');
});
