import { describe, expect, test } from 'vitest';
import { mendingOf, namesOf, stepsOf, vacantOf } from '#lib/engine/exchange-path.ts';
import type { ExchangeStep } from '#lib/contracts/path.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';

/** What stands under each name, told apart by what it is. */
type Disk = ReadonlyMap<string, string>;

const NAMES = { live: '/srv/data', next: '/srv/data_restore_1', aside: '/srv/data_before_1' };

const subsetsOf = <T>(all: readonly T[]): T[][] =>
  all.reduce<T[][]>((sets, one) => [...sets, ...sets.map((set) => [...set, one])], [[]]);

function after(disk: Disk, renames: readonly Pick<ExchangeStep, 'from' | 'to'>[]): Disk {
  const now = new Map(disk);
  for (const { from, to } of renames) {
    const what = now.get(from);
    if (what === undefined) throw new Error(`nothing at ${from}`);
    if (now.has(to)) throw new Error(`${to} would be overwritten`);
    now.delete(from);
    now.set(to, what);
  }
  return now;
}

interface Scene {
  readonly what: string;
  readonly kind: SourceKind;
  readonly disk: Disk;
  readonly steps: readonly ExchangeStep[];
}

function sceneOf(
  what: string,
  kind: SourceKind,
  entries: readonly string[] | null,
  inLive: readonly string[],
  inNext: readonly string[],
): Scene {
  const disk = new Map([
    ...inLive.map((suffix) => [NAMES.live + suffix, `old${suffix}`] as const),
    ...inNext.map((suffix) => [NAMES.next + suffix, `new${suffix}`] as const),
  ]);
  const steps = stepsOf(NAMES, entries, kind).filter(({ from }) => disk.has(from));
  return { kind, what: `${what}: live has ${inLive.join(' ')}, the copy ${inNext.join(' ')}`, disk, steps };
}

const LOGS = ['-wal', '-shm', '-journal'];
const ENTRIES = ['a', 'b/c', 'd'];
const slashed = (entries: readonly string[]): string[] => entries.map((entry) => `/${entry}`);
const SCENES: readonly Scene[] = [
  sceneOf('a folder', 'files', null, [''], ['']),
  sceneOf('a snapshot', 'redis', null, [''], ['']),
  sceneOf('a folder that somebody removed', 'files', null, [], ['']),
  ...subsetsOf(LOGS).flatMap((old) =>
    subsetsOf(LOGS).flatMap((restored) => [
      sceneOf('a database', 'sqlite', null, ['', ...old], ['', ...restored]),
    ]),
  ),
  ...subsetsOf(ENTRIES).flatMap((old) =>
    subsetsOf(ENTRIES)
      .filter((restored) => restored.length > 0)
      .map((restored) => sceneOf('entries', 'files', ENTRIES, slashed(old), slashed(restored))),
  ),
];

const there = (disk: Disk): ReadonlySet<string> => new Set(disk.keys());
const wordsOf = (disk: Disk): string[] => [...disk.values()].sort();

describe.each(SCENES)('$what', ({ disk, steps, kind }) => {
  const done = after(disk, steps);
  const vacant = vacantOf(steps, NAMES.live, kind);
  const counts = Array.from({ length: steps.length + 1 }, (_, count) => count);

  test('each name is taken once, and nothing is lost', () => {
    expect(wordsOf(done)).toEqual(wordsOf(disk));
    for (const [name, what] of done) {
      if (name.startsWith(NAMES.aside)) expect(what).toMatch(/^old/);
      else if (name === NAMES.live || /^\/srv\/data[-/]/.test(name)) expect(what).toMatch(/^new/);
    }
  });

  test.each(counts)('a crash after %i renames is finished, or was before the first', (count) => {
    const crashed = after(disk, steps.slice(0, count));
    const { state, renames } = mendingOf(steps, there(crashed), vacant);
    const mended = after(crashed, renames);
    expect(state).toBe(count === 0 ? 'none' : count === steps.length ? 'done' : 'finish');
    expect([...mended].sort()).toEqual([...(count === 0 ? disk : done)].sort());
  });

  test.each(counts)(
    'whatever is gone or new after %i renames, nothing is overwritten, and what goes back goes back whole',
    (count) => {
      const crashed = after(disk, steps.slice(0, count));
      for (const name of namesOf(steps)) {
        const strange = new Map(crashed);
        if (crashed.has(name)) strange.delete(name);
        else if (/_(?:restore|before)_/.test(name)) continue;
        else strange.set(name, 'a stranger');
        const { state, renames } = mendingOf(steps, there(strange), vacant);
        // Renames that would overwrite something throw.
        const mended = after(strange, renames);
        expect(wordsOf(mended)).toEqual(wordsOf(strange));
        if (state === 'stuck') expect(renames).toEqual([]);
        if (state !== 'back') continue;
        for (const { from, to } of steps.filter(({ kind }) => kind === 'out'))
          if (strange.has(to)) expect(mended.get(from)).toMatch(/^old/);
      }
    },
  );
});

test('a log that somebody wrote beside a database that stands aside keeps the other one out', () => {
  const { disk, steps } = sceneOf('a database', 'sqlite', null, [''], ['']);
  const vacant = vacantOf(steps, NAMES.live, 'sqlite');
  expect(vacant).toEqual(LOGS.map((suffix) => NAMES.live + suffix));
  const crashed = after(disk, steps.slice(0, 1));
  expect(mendingOf(steps, there(crashed), vacant).state).toBe('finish');
  const written = new Map([...crashed, [`${NAMES.live}-wal`, 'a stranger']]);
  const { state, renames } = mendingOf(steps, there(written), vacant);
  expect(state).toBe('back');
  expect(after(written, renames).get(NAMES.live)).toBe('old');
  // Once it is in, such a log is its own.
  const done = new Map([...after(disk, steps), [`${NAMES.live}-wal`, 'its own']]);
  expect(mendingOf(steps, there(done), vacant).state).toBe('done');
});

test('a log that comes in with its database is no stranger to it', () => {
  const { steps } = sceneOf('a database', 'sqlite', null, ['', '-wal'], ['', '-wal']);
  expect(vacantOf(steps, NAMES.live, 'sqlite')).toEqual([`${NAMES.live}-shm`, `${NAMES.live}-journal`]);
  expect(vacantOf(steps, NAMES.live, 'redis')).toEqual([]);
});
