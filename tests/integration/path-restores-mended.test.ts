import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RestoreRecord } from '#db/queries/restore.ts';
import { systemClock } from '#lib/core/clock.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import type { EngineDeps } from '#lib/engine/deps.ts';
import { makeAside, runRenames, stepsOf } from '#lib/engine/exchange-path.ts';
import { mendPath } from '#lib/engine/restore-path.ts';
import { quietContext } from '#tests/support/storage-spec.ts';

let folder: string;
let live: string;
let copy: string;
let kept: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-mended-'));
  live = join(folder, 'app');
  copy = `${live}_restore_20261129100000`;
  kept = `${live}_before_20261129100000`;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const depsOf = (kind: SourceKind): EngineDeps =>
  ({ log: quietContext().log, clock: systemClock, config: { protects: { kind } } }) as unknown as EngineDeps;

/** Of every file, below the folder. */
const names = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
const contents = (): Record<string, string> =>
  Object.fromEntries(names().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));

/** As a dead worker leaves its row in the midst of a swap. */
const recordOf = (more: Partial<RestoreRecord>) =>
  ({
    mode: 'swap',
    targetDatabase: live,
    copyDatabase: copy,
    keptDatabase: kept,
    moves: null,
    checks: [],
    plan: { pauseBeforeSwap: false },
    finishedAt: null,
    swapRequestedAt: null,
    undoRequestedAt: null,
    phase: 'swapping',
    ...more,
  }) as unknown as RestoreRecord;

const KINDS = {
  'a folder': { kind: 'files', entries: null, files: ['/a', '/deep/b'] },
  'entries of a folder': {
    kind: 'files',
    entries: ['a', 'deep/b', 'new'],
    files: ['/a', '/deep/b', '/other'],
  },
  'a database with its log': { kind: 'sqlite', entries: null, files: ['', '-wal', '-shm'] },
  'a snapshot': { kind: 'redis', entries: null, files: [''] },
} as const;

describe.each(Object.entries(KINDS))('an exchange of %s whose worker died', (_, { kind, entries, files }) => {
  const write = (path: string, what: string): void => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, what);
  };
  /** Of the copy: a fresh database has no log, and an entry came that is not live yet. */
  const copied = entries === null ? files.filter((file) => !/^-/.test(file)) : ['/a', '/deep/b', '/new'];
  const begin = () => {
    for (const file of files) write(live + file, `old ${file}`);
    for (const file of copied) write(copy + file, `new ${file}`);
  };
  const planned = () =>
    stepsOf({ live, next: copy, aside: kept }, entries, kind).filter(({ from }) => existsSync(from));
  test('at each rename: it is done as a whole or not at all, and nothing is lost', async () => {
    begin();
    const count = planned().length;
    for (let at = 0; at <= count; at += 1) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      begin();
      const before = contents();
      const record = recordOf({ moves: planned() });
      if (entries !== null) await makeAside(kept, live);
      await runRenames((record.moves ?? []).slice(0, at));

      const result = await mendPath(depsOf(kind), record);
      const after = contents();
      expect(Object.values(after).sort()).toEqual(Object.values(before).sort());
      const nameOf = (path: string): string => relative(folder, path);
      if (at === 0) {
        expect(result).toMatchObject({
          status: 'FAILED',
          error: { code: 'interrupted' },
          keptDatabase: null,
        });
        expect(after).toEqual(before);
        expect(readdirSync(folder)).not.toContain(nameOf(kept));
        continue;
      }
      expect(result).toMatchObject({
        status: 'COMPLETED',
        error: null,
        copyDatabase: null,
        swappedAt: 'now',
      });
      for (const file of copied) expect(after[nameOf(live + file)]).toBe(`new ${file}`);
      for (const file of files) {
        const isKept = file !== '/other';
        expect(after[nameOf((isKept ? kept : live) + file)]).toBe(`old ${file}`);
      }
      expect(readdirSync(folder)).not.toContain(nameOf(copy));
      // And again, should its worker die before it has said so.
      expect(await mendPath(depsOf(kind), record)).toMatchObject({ status: 'COMPLETED', swappedAt: 'now' });
      expect(contents()).toEqual(after);
    }
  });
});

describe('something else has taken the live name meanwhile', () => {
  const strange = async (more: Partial<RestoreRecord>) => {
    writeFileSync(live, 'old');
    writeFileSync(copy, 'new');
    const steps = stepsOf({ live, next: copy, aside: kept }, null, 'redis');
    await runRenames(steps.slice(0, 1));
    writeFileSync(live, 'a stranger');
    return mendPath(depsOf('redis'), recordOf({ moves: [...steps], ...more }));
  };

  test('nothing is overwritten, and the report says where what was live is', async () => {
    const { status, error } = await strange({});
    expect({ status, code: error?.code }).toEqual({ status: 'FAILED', code: 'conflict' });
    expect(error?.hint).toContain(kept);
    expect(contents()).toEqual({
      [basename(live)]: 'a stranger',
      [basename(copy)]: 'new',
      [basename(kept)]: 'old',
    });
  });

  test('an undo stays to be asked for again', async () => {
    const names = { copyDatabase: kept, keptDatabase: copy };
    const result = await strange({ ...names, swapRequestedAt: new Date(), undoRequestedAt: new Date() });
    expect(result).toMatchObject({
      status: 'COMPLETED',
      error: { code: 'conflict' },
      takesRequestBack: true,
    });
    expect(result.undoneAt).toBeUndefined();
  });
});

test('what is on another machine is not judged from this one', async () => {
  const steps = stepsOf({ live, next: copy, aside: kept }, null, 'files');
  await expect(mendPath(depsOf('files'), recordOf({ moves: [...steps] }))).rejects.toMatchObject({
    code: 'source_unreachable',
  });
});

describe('a restore to a new path whose worker died', () => {
  const mended = () =>
    mendPath(depsOf('files'), recordOf({ mode: 'new', keptDatabase: null, moves: null, phase: 'finishing' }));

  test('is done where the copy has the name that was asked for', async () => {
    writeFileSync(live, 'new');
    expect(await mended()).toMatchObject({ status: 'COMPLETED', error: null, copyDatabase: live });
  });
  test.each([
    ['before the rename', () => [copy]],
    ['before the copy was made', () => []],
    ['and somebody took the name', () => [copy, live]],
  ])('is FAILED %s', async (_, there) => {
    for (const path of there()) writeFileSync(path, 'new');
    expect(await mended()).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' } });
  });
});

test('a kept folder is as closed as the live one', async () => {
  mkdirSync(live, { mode: 0o750 });
  await makeAside(kept, live);
  expect(statSync(kept).mode & 0o777).toBe(0o750);
});
