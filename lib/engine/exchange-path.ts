import { chmod, chown, lstat, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ExchangeStep } from '../contracts/path.ts';
import { AppError } from '../core/errors.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { isMissing, isThere, thoseThere, withBeside } from '../restore/path-names.ts';
import type { SourceContext } from '../sources/source.ts';

/** Three names of which one is taken: `live` is put aside as `aside`, and `next` gets its name. */
export interface ExchangeNames {
  readonly live: string;
  readonly next: string;
  readonly aside: string;
}

/**
 * The renames of an exchange, in order, whether or not there is something to rename. Whole, or of `entries` alone, one after the other: then
 * all three are folders. A database is brought in after what lies beside it, so that nobody opens it without.
 */
export function stepsOf(
  { live, next, aside }: ExchangeNames,
  entries: readonly string[] | null,
  kind: SourceKind,
): readonly ExchangeStep[] {
  const groups =
    entries === null ? [withBeside('', kind)] : entries.map((entry): readonly string[] => [`/${entry}`]);
  return groups.flatMap((suffixes) => [
    ...suffixes.map((suffix) => ({ kind: 'out', from: live + suffix, to: aside + suffix }) as const),
    ...suffixes
      .toReversed()
      .map((suffix) => ({ kind: 'in', from: next + suffix, to: live + suffix }) as const),
  ]);
}

/** Which entries of `live` such renames exchanged; null for all of it. */
export function entriesOfSteps(steps: readonly ExchangeStep[], live: string): readonly string[] | null {
  const names = new Set(steps.map(({ kind, from, to }) => (kind === 'out' ? from : to)));
  return names.has(live) ? null : [...names].map((name) => name.slice(live.length + 1));
}

/** What may not stand beside `live` once a database comes in, and is not brought in itself. */
export function vacantOf(steps: readonly ExchangeStep[], live: string, kind: SourceKind): readonly string[] {
  const comesIn = new Set(steps.filter((step) => step.kind === 'in').map(({ to }) => to));
  return withBeside(live, kind).filter((name) => name !== live && !comesIn.has(name));
}

/** Every name that the decision about an exchange needs to know of. */
export const namesOf = (steps: readonly ExchangeStep[]): readonly string[] => [
  ...new Set(steps.flatMap(({ from, to }) => [from, to])),
];

type Renames = readonly Pick<ExchangeStep, 'from' | 'to'>[];

/** What became of an exchange, and the renames that end it. */
export interface Mending {
  /** `none`: nothing was moved. `stuck`: something else has taken a live name, and nothing is overwritten. */
  readonly state: 'none' | 'done' | 'finish' | 'back' | 'stuck';
  readonly renames: Renames;
}

/**
 * Decides by the names that are there. What was begun is finished; where that cannot be, what is left is undone. Steps are done in order,
 * so one that shows that it was done speaks for all before it: a log that is there again belongs to the new database. `vacant`: see
 * `exchangePaths`.
 */
export function mendingOf(
  steps: readonly ExchangeStep[],
  there: ReadonlySet<string>,
  vacant: readonly string[] = [],
): Mending {
  const isDone = ({ kind, from, to }: ExchangeStep): boolean => {
    if (kind === 'out') return there.has(to);
    const out = steps.find((step) => step.kind === 'out' && step.from === to);
    return !there.has(from) && there.has(to) && (out === undefined || there.has(out.to));
  };
  const done = steps.findLastIndex(isDone) + 1;
  if (done === 0) return { state: 'none', renames: [] };
  if (done === steps.length) return { state: 'done', renames: [] };
  const rest = steps.slice(done);
  const isTaken = vacant.some((name) => there.has(name) && !rest.some(({ from }) => from === name));
  const forward = isTaken ? null : trial(rest, there);
  if (forward !== null) return { state: 'finish', renames: forward };
  const back = backOf(steps, done, there);
  return back === null ? { state: 'stuck', renames: [] } : { state: 'back', renames: back };
}

/** Undoes the first `done` steps; null where that would overwrite something. */
export const backOf = (
  steps: readonly ExchangeStep[],
  done: number,
  there: ReadonlySet<string>,
): Renames | null =>
  // What was never moved, or has gone since, is not missed.
  trial(
    steps
      .slice(0, done)
      .toReversed()
      .map(({ from, to }) => ({ kind: 'out', from: to, to: from })),
    there,
  );

/** What of `steps` there is to do; null where something that is to come in is missing, or something is in the way. */
function trial(steps: readonly ExchangeStep[], there: ReadonlySet<string>): Renames | null {
  const now = new Set(there);
  const left: Pick<ExchangeStep, 'from' | 'to'>[] = [];
  for (const { kind, from, to } of steps) {
    if (!now.has(from)) {
      // SQLite removes a log by itself when its database is closed.
      if (kind === 'out') continue;
      return null;
    }
    if (now.has(to)) return null;
    now.delete(from);
    now.add(to);
    left.push({ from, to });
  }
  return left;
}

/** What was live stands aside and cannot be put back: something has taken its name in the midst of an exchange, or the disk refuses. */
export class ExchangeStuck extends AppError {
  constructor(steps: readonly ExchangeStep[], cause?: unknown) {
    const live = steps.find(({ kind }) => kind === 'in')?.to ?? '';
    const kept = steps.filter(({ kind }) => kind === 'out').map(({ to }) => to);
    super('conflict', `${live} could not be given its name back after an exchange that was not done`, {
      hint: `Nothing was overwritten. Stop what writes there, move away what stands in its place, and give what was live its name again: it is at ${kept.slice(0, 3).join(', ')}.`,
      cause,
    });
    this.name = 'ExchangeStuck';
  }
}

/**
 * Does the renames, which the caller has noted, and makes them durable. `vacant` are names that nothing may have when the last one is
 * brought in. Where it throws, everything is as before; but `ExchangeStuck` where it cannot be put back. Returns how long the first name
 * was not taken until all were.
 */
export async function exchangePaths(
  { clock, log }: Pick<SourceContext, 'clock' | 'log'>,
  steps: readonly ExchangeStep[],
  vacant: readonly string[] = [],
): Promise<{ readonly interruptionMs: number }> {
  let done = 0;
  const startedAt = clock.now().getTime();
  try {
    for (const { kind, from, to } of steps) {
      if (done === steps.length - 1) await needVacant(vacant);
      if (kind === 'in' || (await isThere(from))) await moveAway(from, to);
      done += 1;
    }
  } catch (thrown) {
    await putBack(steps, done, thrown);
    throw thrown;
  }
  const interruptionMs = clock.now().getTime() - startedAt;
  await syncFolders(steps).catch((error: unknown) => {
    // It is done: who is told that it was not would lose the way to what was live before.
    log.warn('an exchange may not outlive a power cut', { error });
  });
  return { interruptionMs };
}

async function putBack(steps: readonly ExchangeStep[], done: number, cause: unknown): Promise<void> {
  try {
    const back = backOf(steps, done, await thoseThere(namesOf(steps)));
    if (back !== null) {
      await runRenames(back);
      return;
    }
  } catch (thrown) {
    throw new ExchangeStuck(steps, new AggregateError([cause, thrown]));
  }
  throw new ExchangeStuck(steps, cause);
}

/** A log of SQLite that was written meanwhile would be played into the database that comes in beside it. */
async function needVacant(names: readonly string[]): Promise<void> {
  const [taken] = await thoseThere(names);
  if (taken === undefined) return;
  throw new AppError('conflict', `${taken} was written while its database was exchanged`, {
    hint: 'Stop the application that uses it, and try again.',
  });
}

/** Does what `mendingOf` decided, and makes it durable. */
export async function runRenames(renames: Renames): Promise<void> {
  for (const { from, to } of renames) await moveAway(from, to);
  await syncFolders(renames);
}

async function moveAway(from: string, to: string): Promise<void> {
  // A rename would replace what is there.
  if (await isThere(to)) {
    throw new AppError('conflict', `something has taken the name ${to} meanwhile`, {
      hint: 'Stop what writes there, and try again.',
    });
  }
  try {
    await makeFolder(dirname(to));
    await rename(from, to);
  } catch (error) {
    throw translate(error, from, to);
  }
}

function translate(error: unknown, from: string, to: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError('config', `${from} may not be given the name ${to} by the user of the worker`, {
        hint: 'Let that user write to both folders, or run the worker as one that may.',
        cause: error,
      });
    case 'EBUSY':
    case 'EXDEV':
      return new AppError('conflict', `${from} cannot be given the name ${to}: something is mounted there`, {
        hint: 'Restore to another path, or unmount it.',
        cause: error,
      });
    case 'ENOENT':
      return new AppError('object_missing', `${from} is not there any more`, {
        hint: 'Start the restore again.',
        cause: error,
      });
    default:
      return error;
  }
}

/** The folder that takes the entries of `live`, as closed as that is. */
export async function makeAside(aside: string, live: string): Promise<void> {
  await mkdir(aside, { mode: 0o700 });
  await likeOther(aside, live);
}

/** With the mode and the owner of the folder it is in: the application must be able to pass through. */
async function makeFolder(path: string): Promise<void> {
  if (await isThere(path)) return;
  await makeFolder(dirname(path));
  await mkdir(path, { mode: 0o700 });
  await likeOther(path, dirname(path));
}

/** Gives `path` the mode of `other`, and its owner as far as this user may. False where the owner is not the same. */
export async function likeOther(path: string, other: string): Promise<boolean> {
  const { mode, uid, gid } = await lstat(other);
  let isOwned = true;
  try {
    await chown(path, uid, gid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    isOwned = false;
  }
  // After the owner: a change of it may take bits away.
  await chmod(path, mode & 0o7777);
  return isOwned;
}

/** Without it a power cut may take the names of what was renamed. */
async function syncFolders(renames: Renames): Promise<void> {
  const folders = new Set(renames.flatMap(({ from, to }) => [dirname(from), dirname(to)]));
  for (const path of folders) {
    try {
      await using folder = await open(path, 'r');
      await folder.sync();
    } catch (error) {
      // A folder that this user may write to but not list cannot be opened for it.
      const mayNotOpen = error instanceof Error && 'code' in error && error.code === 'EACCES';
      if (!isMissing(error) && !mayNotOpen) throw error;
    }
  }
}
