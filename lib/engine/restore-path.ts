import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../contracts/manifest.ts';
import type { ExchangeStep } from '../contracts/path.ts';
import { AppError } from '../core/errors.ts';
import { refusalsOfPath } from '../restore/guard-path.ts';
import { entriesOf } from '../restore/path-entries.ts';
import { freePath, isThere, thoseThere } from '../restore/path-names.ts';
import { removeEmptyFolders, removeMadePath } from '../restore/remove-path.ts';
import { unprovenOf } from '../restore/run-copy.ts';
import { findManifest } from '#db/queries/backup.ts';
import { taskOf, type RestoreRecord, type RestoreResult } from '#db/queries/restore.ts';
import type { EngineDeps } from './deps.ts';
import {
  entriesOfSteps,
  exchangePaths,
  ExchangeStuck,
  likeOther,
  makeAside,
  mendingOf,
  namesOf,
  runRenames,
  stepsOf,
  vacantOf,
  type ExchangeNames,
} from './exchange-path.ts';
import type { HeldRestore } from './held-restore.ts';
import { mendedExchange, stuckExchange, swapping, swapWith, undoWith } from './swap-and-back.ts';

type Result = Omit<RestoreResult, 'log'>;

async function needManifest({ db }: EngineDeps, backupId: string): Promise<Manifest> {
  const manifest = await findManifest(db, backupId);
  if (manifest === null || manifest === undefined) {
    throw new AppError('conflict', 'this backup has no manifest in the catalogue', {
      hint: 'Unpack it by hand (docs/format.md), or choose another backup.',
    });
  }
  return manifest;
}

/** Throws the first thing that keeps this restore from its path. The preview said so too, and somebody may have been quicker. */
export async function needPathTarget({ deps, run }: Pick<HeldRestore, 'deps' | 'run'>): Promise<void> {
  const manifest = await needManifest(deps, run.backupId);
  const [refused] = await refusalsOfPath(deps.config, run.plan, manifest);
  if (refused !== undefined) throw refused.error;
}

/** The copy becomes the new path that was asked for. */
export async function giveTargetName(restore: HeldRestore, copy: string): Promise<void> {
  await needPathTarget(restore);
  // From here on recovery takes a copy that is gone for one that has its name.
  await restore.note({ phase: 'finishing' });
  await runRenames([{ from: copy, to: restore.run.targetDatabase }]);
}

/** Removes a copy that was noted, if it is there. */
export const removePathCopy = ({ config }: Pick<EngineDeps, 'config'>, path: string): Promise<void> =>
  removeMadePath(path, config.protects.kind);

/** The renames to come, by what is there now. Throws `object_missing` where there is nothing to bring in. */
async function planExchange(
  deps: EngineDeps,
  run: Pick<RestoreRecord, 'backupId' | 'plan' | 'moves'>,
  names: ExchangeNames,
): Promise<readonly ExchangeStep[]> {
  const { kind } = deps.config.protects;
  const known = run.moves ?? [];
  let entries: readonly string[] | null;
  if (known.length > 0) entries = entriesOfSteps(known, names.live);
  else {
    const wanted = entriesOf(run.plan, await needManifest(deps, run.backupId));
    const there = await thoseThere((wanted ?? []).map((entry) => join(names.next, entry)));
    // What was to be backed up but was not there is nothing that could come back.
    entries = wanted?.filter((entry) => there.has(join(names.next, entry))) ?? null;
  }
  const steps = stepsOf(names, entries, kind);
  const there = await thoseThere(steps.map(({ from }) => from));
  const left = steps.filter(({ from }) => there.has(from));
  if (!(await isThere(names.next)) || left.length === 0) {
    throw new AppError('object_missing', `there is nothing at ${names.next} any more`, {
      hint: 'What is live is as before; restore a backup instead.',
    });
  }
  return left;
}

/** Notes the renames and does them. Where it throws, everything is as before; but `ExchangeStuck`. */
async function exchange(
  restore: HeldRestore,
  next: string,
  word: 'before' | 'undone',
): Promise<{ readonly aside: string; readonly interruptionMs: number }> {
  const { deps, run, ctx, say } = restore;
  const { targetDatabase: live } = run;
  const aside = await freePath(live, word, deps.config.protects.kind, ctx.clock);
  const steps = await planExchange(deps, run, { live, next, aside });
  ctx.signal.throwIfAborted();
  restore.moved(swapping(restore));
  await restore.note({
    ...(word === 'before' ? { keptDatabase: aside } : { copyDatabase: aside }),
    moves: steps,
    phase: 'swapping',
  });
  ctx.log.info('about to exchange the paths', { live, next, aside });
  const entries = entriesOfSteps(steps, live);
  let interruptionMs: number;
  try {
    if (entries !== null) await makeAside(aside, live);
    ({ interruptionMs } = await exchangePaths(ctx, steps, vacantOf(steps, live, deps.config.protects.kind)));
  } catch (thrown) {
    if (entries !== null) await leaveNoFolders(ctx, aside);
    throw thrown;
  }
  if (entries !== null) await leaveNoFolders(ctx, next);
  const what = entries === null ? live : `${String(entries.length)} of the entries of ${live}`;
  say(`${next} is now ${what}, and what was live is ${aside}; it took ${String(interruptionMs)} ms`);
  return { aside, interruptionMs };
}

/** Never throws: what came before stands, whatever becomes of empty folders. */
async function leaveNoFolders({ log }: Pick<EngineDeps, 'log'>, path: string): Promise<void> {
  await removeEmptyFolders(path).catch((error: unknown) => {
    log.warn('empty folders of an exchange could not be removed', { path, error });
  });
}

/** A single file is read by the application, which need not be the user of the worker. */
async function lookLikeLive({ run, say }: HeldRestore, next: string): Promise<void> {
  const { targetDatabase: live } = run;
  const [own, other] = await Promise.all([lstat(next), lstat(live)]);
  if (!own.isFile() || !other.isFile()) return;
  if (!(await likeOther(next, live)))
    say(`the owner of ${live} could not be given to the copy, because the worker does not run as root`);
}

/** Puts the proven copy in the place of what is live, which is kept. Never throws: what stopped it is a result too. */
export const swapInPath = (restore: HeldRestore): Promise<Result> =>
  swapWith(restore, async (next) => {
    await needPathTarget(restore);
    // One that was swapped in before is as the application left it.
    if (restore.run.finishedAt === null) await lookLikeLive(restore, next);
    return exchange(restore, next, 'before');
  });

/** Puts back what was kept; what was swapped in is kept as `…_undone_…`. Never throws: what stopped it is a result too. */
export const undoPathSwap = (restore: HeldRestore): Promise<Result> =>
  undoWith(restore, (next) => exchange(restore, next, 'undone'));

/**
 * What became of a restore whose worker died, by the names that are there: an exchange that was begun is finished, or undone where it cannot
 * be. FAILED where there is a copy that nobody is to keep.
 */
export async function mendPath(deps: EngineDeps, run: RestoreRecord): Promise<Result> {
  const { targetDatabase: live, copyDatabase, keptDatabase } = run;
  const isUndo = taskOf(run) === 'undo';
  // Noted together with the renames: without it those of an earlier exchange are in the row.
  const aside = isUndo ? copyDatabase : keptDatabase;
  if (run.mode === 'swap' && (taskOf(run) !== 'restore' || aside !== null))
    return mendExchange(deps, run, isUndo ? 'undo' : 'swap', aside === null ? [] : (run.moves ?? []));
  const isNamed =
    run.mode === 'new' &&
    copyDatabase !== null &&
    (run.phase === 'finishing' || run.phase === 'hooks') &&
    !(await isThere(copyDatabase)) &&
    (await isThere(live));
  if (isNamed) {
    const checks = run.checks.filter(({ name }) => !name.startsWith('hook:'));
    const proven = unprovenOf(checks).length === 0;
    return { status: 'COMPLETED', error: null, copyDatabase: live, proven };
  }
  return {
    status: 'FAILED',
    error: {
      code: 'interrupted',
      message: 'the worker that restored this backup died',
      hint: 'What is live is as before; start the restore again.',
    },
  };
}

async function mendExchange(
  deps: EngineDeps,
  run: RestoreRecord,
  task: 'swap' | 'undo',
  steps: readonly ExchangeStep[],
): Promise<Result> {
  const { targetDatabase: live } = run;
  const vacant = vacantOf(steps, live, deps.config.protects.kind);
  const there = await thoseThere([...namesOf(steps), ...vacant]);
  if (steps.length > 0 && there.size === 0) {
    throw new AppError('source_unreachable', `neither ${live} nor its copy is on this machine`, {
      hint: 'Start the worker of the machine that holds them, or mount them here.',
    });
  }
  const { state, renames } = mendingOf(steps, there, vacant);
  if (state === 'stuck') return stuckExchange(new ExchangeStuck(steps), task);
  await runRenames(renames);
  const isDone = state === 'done' || state === 'finish';
  const next = task === 'swap' ? run.copyDatabase : run.keptDatabase;
  const aside = task === 'swap' ? run.keptDatabase : run.copyDatabase;
  // Of an exchange by entries the folder that gave them is left, or the one that was made for them.
  const emptied = isDone ? next : aside;
  if (emptied !== null && entriesOfSteps(steps, live) !== null) await leaveNoFolders(deps, emptied);
  return mendedExchange(run, task, isDone);
}
