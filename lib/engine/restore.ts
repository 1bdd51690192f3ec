import type { BackupStatus } from '../contracts/backup.ts';
import type { Check } from '../contracts/verification.ts';
import { AppError, runErrorOf } from '../core/errors.ts';
import type { CopyProgress } from '../restore/restore-order.ts';
import { LiveRestoreStopped } from '../restore/restore-into.ts';
import { makeCopy, type RestoredCopy } from '../restore/run-copy.ts';
import { makePathCopy } from '../restore/run-path.ts';
import { openRestoreServer } from '../sources/registry.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  beatRestore,
  claimRestore,
  firstPhaseOf,
  noteDatabases,
  settleRestore,
  type RestoreClaim,
  type RestoreRecord,
  type RestoreResult,
} from '#db/queries/restore.ts';
import { isOfPath, workerActor, type EngineDeps } from './deps.ts';
import type { HeldRestore } from './held-restore.ts';
import { runAfterHooks, runBeforeHooks } from './hooks.ts';
import { restoreInPlace } from './in-place.ts';
import { keepable, keepableCheck } from './keepable.ts';
import { answered, persist } from './persist.ts';
import { restoreTables, UnsettledTables } from './restore-tables.ts';
import { depsOfSource } from './source-deps.ts';
import { giveTargetName, needPathTarget, removePathCopy, swapInPath, undoPathSwap } from './restore-path.ts';
import { swapIn, undoSwap } from './swap.ts';
import { undoTables } from './undo-tables.ts';

export interface RestoreSignals {
  /** Ends the run: FAILED, and what was made is dropped. */
  readonly run: AbortSignal;
  /** Ends the wait for the catalogue at the start. */
  readonly turn: AbortSignal;
}

type ClaimedRestore = Extract<RestoreClaim, { state: 'claimed' }>;

const BEAT_MS = 1000;
const BEAT_ANSWER_MS = 5000;
/** Checks and log may be large: they are shown a little later than the progress. */
const FINDINGS_MS = 3000;
const LOG_BYTES_MAX = 256 * 1024;
/** What cannot be dropped by then recovery drops: somebody waits to be told how it ended. */
const CLEAN_UP_MS = 10_000;

const cancelledRestore = (by: string | null): AppError =>
  new AppError('cancelled', `cancelled by ${by ?? 'a person'}`, {
    hint: 'The live database is as before; start the restore again when you are ready.',
  });

const takenAwayError = (): AppError =>
  new AppError('interrupted', 'this restore was given up while its worker could not reach the catalogue', {
    hint: 'The live database is as before; start the restore again.',
  });

const deletedError = (): AppError =>
  new AppError('conflict', 'this backup was deleted before it could be restored', {
    hint: 'Restore another backup; the live database is as before.',
  });

const isDeleted = (status: BackupStatus): boolean => status === 'EXPIRED' || status === 'DELETED';

/**
 * Does what the row says: restores, swaps the copy in, or undoes what was done. Claims it first, so that a second call for the same row
 * does nothing; each name of a database is noted before it is made, so that recovery can finish or undo what a crash left. The live
 * database is as before in every failure.
 */
export async function runRestore(ownDeps: EngineDeps, id: string, signals: RestoreSignals): Promise<void> {
  const claimed = await persist(
    ownDeps,
    'restore claim',
    () => ownDeps.db.transaction((tx) => claimRestore(tx, id, ownDeps.workerId)),
    signals.turn,
  );
  if (claimed.state === 'gone') return;
  const { run, task } = claimed;
  const deps = await depsOfSource(ownDeps, run.sourceId);
  const log = deps.log.child({ restoreId: id, backupId: run.backupId });
  const stopped = new AbortController();
  const end = (error: AppError): void => {
    if (!stopped.signal.aborted) stopped.abort(error);
  };
  const signal = AbortSignal.any([signals.run, stopped.signal]);
  if (run.cancelRequestedAt !== null) end(cancelledRestore(run.cancelRequestedBy));

  const startedAt = deps.clock.now().getTime();
  const checks: Check[] = [...(task === 'restore' ? [] : run.checks)];
  const found = (check: Check): void => {
    const at = checks.findIndex(({ name }) => name === check.name);
    checks.splice(at === -1 ? checks.length : at, 1, keepableCheck(check));
    news += 1;
  };
  let text = task === 'restore' ? '' : run.log;
  let news = 0;
  let progress: CopyProgress = {
    phase: firstPhaseOf(run),
    table: null,
    tablesDone: run.tablesDone,
    tableCount: run.tableCount,
    fraction: run.progressPercent / 100,
  };
  const say = (line: string): void => {
    log.info(line);
    if (Buffer.byteLength(text) > LOG_BYTES_MAX) return;
    text += `${deps.clock.now().toISOString()} ${keepable(line)}\n`;
    news += 1;
  };

  const beatsEnd = new AbortController();
  const beats = (async () => {
    let isAway = false;
    let sent = { news: 0, at: 0 };
    while (!beatsEnd.signal.aborted) {
      const now = deps.clock.now().getTime();
      const { phase, table, tablesDone, tableCount, fraction } = progress;
      const isNews = news > sent.news && now - sent.at >= FINDINGS_MS;
      const seen = news;
      try {
        const answer = await answered(
          deps.clock,
          beatRestore(deps.db, id, deps.workerId, {
            phase,
            progressTable: table,
            tablesDone,
            tableCount,
            progressPercent: Math.max(0, Math.min(99, Math.floor(fraction * 100))),
            etaSeconds:
              fraction > 0.02 && task === 'restore'
                ? Math.ceil(((now - startedAt) / 1000) * ((1 - fraction) / fraction))
                : null,
            findings: isNews ? { checks, log: text } : undefined,
          }),
          BEAT_ANSWER_MS,
        );
        if (isNews) sent = { news: seen, at: now };
        if (answer === null) end(takenAwayError());
        else if (answer.cancelRequested) end(cancelledRestore(answer.cancelRequestedBy));
        else if (isDeleted(answer.backupStatus) && (phase === 'preparing' || phase === 'decoding'))
          end(deletedError());
        isAway = false;
      } catch (error) {
        // A catalogue that restarts must not end a restore that is fine.
        if (!isAway) log.warn('no heartbeat could be written; the restore goes on', { error });
        isAway = true;
      }
      await deps.clock.sleep(BEAT_MS, beatsEnd.signal).catch(() => undefined);
    }
  })();

  const restore: HeldRestore = {
    deps,
    run,
    ctx: { runId: id, signal, clock: deps.clock, log },
    say,
    moved: (next) => {
      // Several tables at once: it must not seem to go back.
      progress = { ...next, fraction: Math.max(next.fraction, progress.fraction) };
    },
    enter: (phase) => {
      progress = { ...progress, phase, table: null };
    },
    found,
    forget: (start) => {
      const kept = checks.filter(({ name }) => !name.startsWith(start));
      checks.splice(0, checks.length, ...kept);
      news += 1;
    },
    checks,
    note: async (names) => {
      const isHeld = await persist(
        deps,
        'names of databases',
        () => noteDatabases(deps.db, id, deps.workerId, names, { checks, log: text }),
        signal,
      );
      if (!isHeld) throw takenAwayError();
    },
  };
  try {
    say(`${task} of ${run.targetDatabase}, mode ${run.mode}`);
    const result = await doTask(restore, claimed);
    if (result.error !== null) say(`${result.error.message} [${result.error.code}]`);
    await persist(deps, 'restore ended', () => settle(deps, run, { ...result, checks, log: text }));
  } finally {
    // The run is shown as living until its last word is written.
    beatsEnd.abort();
    await beats;
  }
}

async function doTask(restore: HeldRestore, claimed: ClaimedRestore): Promise<Omit<RestoreResult, 'log'>> {
  switch (claimed.task) {
    case 'undo':
      if (isOfPath(restore.deps)) return undoPathSwap(restore);
      return claimed.run.mode === 'tables' ? undoTables(restore) : undoSwap(restore);
    case 'swap':
      return isOfPath(restore.deps) ? swapInPath(restore) : swapIn(restore);
    case 'restore':
      return restoreAnew(restore, claimed);
  }
}

/** Never throws: what stopped it is a result too, and what it made is dropped. */
async function restoreAnew(
  restore: HeldRestore,
  { key, backup }: ClaimedRestore,
): Promise<Omit<RestoreResult, 'log'>> {
  const { deps, run, ctx } = restore;
  let noted: string | null = run.copyDatabase;
  try {
    ctx.signal.throwIfAborted();
    if (isDeleted(backup.status)) throw deletedError();
    if (key === null) {
      throw new AppError('conflict', `this backup has no stored copy at ${run.destination} any more`, {
        hint: 'Look at the copies of this backup, and restore one that is stored.',
      });
    }
    // The preview said so too, and somebody may have been quicker.
    await needTarget(restore);
    const order = {
      place: { destination: run.destination, key },
      recorded:
        backup.stored === null
          ? null
          : { backupId: run.backupId, stored: backup.stored, manifestChecksum: backup.manifestChecksum },
    };
    if (run.mode === 'in-place') return await restoreInPlace(restore, order);
    const noteCopy = async (database: string): Promise<void> => {
      if (run.mode === 'new') await runBeforeHooks(restore);
      restore.enter('restoring');
      await restore.note({ copyDatabase: database, phase: 'restoring' });
      noted = database;
    };
    const copyOrder = { id: run.id, plan: run.plan, ...order };
    if (run.mode === 'tables') {
      const result = await restoreTables(restore, copyOrder, noteCopy);
      const isGone = noted === null || (await dropCopy(restore, noted));
      return { ...result, ...(isGone ? { copyDatabase: null } : {}) };
    }
    const copy = await (isOfPath(deps) ? makePathCopy : makeCopy)(
      deps.config,
      copyOrder,
      { moved: restore.moved, found: restore.found, say: restore.say, noteCopy },
      ctx,
    );
    return await conclude(restore, copy);
  } catch (thrown) {
    // Those of an exchange have run with it.
    await runAfterHooks(restore, false);
    const isUnsettled = thrown instanceof UnsettledTables;
    const isTold = thrown instanceof LiveRestoreStopped || isUnsettled;
    const error = runErrorOf(ctx.signal.aborted && !isTold ? ctx.signal.reason : thrown);
    if (error.code === 'bug') ctx.log.error('the restore met an unknown error', { error: thrown });
    const isDropped = !isUnsettled && (noted === null || (await dropCopy(restore, noted)));
    return { status: 'FAILED', error, ...(isDropped ? { copyDatabase: null } : {}) };
  }
}

/** `new` needs a name that is free, every other mode a database that is there. */
async function needTarget(restore: HeldRestore): Promise<void> {
  const { deps, run, ctx } = restore;
  if (isOfPath(deps)) {
    await needPathTarget(restore);
    return;
  }
  const { targetDatabase: target } = run;
  const isThere = (await openRestoreServer(deps.config).existing(ctx, [target])).size > 0;
  if (run.mode === 'new' && isThere) {
    throw new AppError('target_not_empty', `there is a database ${target} already`, {
      hint: 'Choose another name for the new database.',
    });
  }
  if (run.mode !== 'new' && !isThere) {
    throw new AppError('conflict', `there is no database ${target}`, {
      hint: 'Restore into a new database of that name instead.',
    });
  }
}

/** The copy becomes the new database, is swapped in, or waits to be looked at. */
async function conclude(restore: HeldRestore, copy: RestoredCopy): Promise<Omit<RestoreResult, 'log'>> {
  const { deps, run, ctx } = restore;
  const { database, restoreMs, isProven: proven, unproven } = copy;
  const known = { restoreMs, proven };
  if (run.mode === 'new') {
    if (isOfPath(deps)) await giveTargetName(restore, database);
    else await openRestoreServer(deps.config).rename(ctx, database, run.targetDatabase);
    restore.say(`${database} is now ${run.targetDatabase}`);
    await runAfterHooks(restore, true);
    return { status: 'COMPLETED', error: null, copyDatabase: run.targetDatabase, ...known };
  }
  if (!proven) {
    throw new AppError(
      'verification_failed',
      `the restored copy is not what was backed up: ${unproven.slice(0, 5).join(', ')}`,
      {
        hint: 'The live database is as before; look at the checks, and restore another backup or into a new database.',
      },
    );
  }
  if (run.plan.pauseBeforeSwap) {
    restore.say(`${database} is proven and waits to be swapped in`);
    return { status: 'IN_PROGRESS', phase: 'ready', error: null, ...known };
  }
  const swap = isOfPath(deps) ? swapInPath : swapIn;
  const swapped = await swap({ ...restore, run: { ...run, copyDatabase: database } });
  if (swapped.status === 'COMPLETED' && swapped.error === null) return { ...swapped, ...known };
  const { error } = swapped;
  throw new AppError((error?.code ?? 'bug') as AppError['code'], error?.message ?? '', {
    hint: error?.hint ?? undefined,
  });
}

/** False where that could not be done now; recovery tries again. */
export async function dropCopy(
  { deps, run }: Pick<HeldRestore, 'deps'> & { readonly run: Pick<RestoreRecord, 'id'> },
  database: string,
): Promise<boolean> {
  const ctx = { signal: AbortSignal.timeout(CLEAN_UP_MS), log: deps.log, clock: deps.clock };
  try {
    if (isOfPath(deps)) await removePathCopy(deps, database);
    else await openRestoreServer(deps.config).drop(ctx, { database, id: run.id });
    return true;
  } catch (error) {
    deps.log.warn('a copy of a restore could not be dropped yet', { restoreId: run.id, database, error });
    return false;
  }
}

/** Writes how it ended and tells the audit log, all or nothing. False when the row is not this worker's any more. */
export async function settle(
  deps: EngineDeps,
  run: Pick<RestoreRecord, 'id' | 'sourceId' | 'targetDatabase' | 'mode' | 'backupId'>,
  result: RestoreResult,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const settled = await settleRestore(tx, run.id, deps.workerId, result);
    if (settled !== 'settled') return settled === 'already';
    const { sourceId, targetDatabase, mode, backupId } = run;
    const details = {
      backupId,
      sourceId,
      mode,
      targetDatabase,
      keptDatabase: result.keptDatabase ?? null,
      proven: result.proven ?? null,
      interruptionMs: result.interruptionMs ?? null,
      code: result.error?.code ?? null,
    };
    const add = (action: string) => addAuditEntry(tx, workerActor('restore'), action, run.id, details);
    if (result.error !== null) await add('restore.fail');
    else if (result.undoneAt !== undefined) await add('restore.undo');
    else {
      if (result.swappedAt !== undefined) await add('restore.swap');
      if (result.status === 'COMPLETED') await add('restore.complete');
    }
    return true;
  });
}
