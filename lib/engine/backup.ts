import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DESTINATIONS } from '../contracts/backup.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { createProgressMeter } from '../core/progress.ts';
import { estimateExpiry } from '../core/retention.ts';
import type { RunContext } from '../core/run-context.ts';
import { provingPeriodDays } from '../core/verification-plan.ts';
import { backupJob } from '../jobs/queue.ts';
import type { Config } from '../platform/config.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  beatRun,
  claimRun,
  completeRun,
  failRun,
  lastPlainBytes,
  markCopiesRemoved,
  noteReadBack,
  noteWriting,
  statusOf,
  type Claim,
} from '#db/queries/run.ts';
import { readVerificationPolicy } from '#db/queries/setting.ts';
import {
  CopyFailed,
  factsPolicyOf,
  makeArchive,
  removeArchive,
  type ArchiveCopy,
  type ArchiveResult,
} from './archive.ts';
import { workerActor, type EngineDeps } from './deps.ts';
import { removeCopies } from './leftovers.ts';
import { answered, persist } from './persist.ts';
import { retentionPolicy, runRetain } from './retain.ts';
import { depsOfSource } from './source-deps.ts';
import { addVerification } from './verify.ts';

export interface BackupSignals {
  /** Aborts the run itself; its reason, an AppError, is what the row will say. */
  readonly run: AbortSignal;
  /** Ends the wait for a turn: the job goes back to the queue, the row stays queued. */
  readonly turn: AbortSignal;
}

export type BackupOutcome = 'completed' | 'failed' | 'gone';

const BEAT_MS = 1000;
const BEAT_ANSWER_MS = 5000;
const TURN_MS = 1000;
/** Removing what a failed run left must not hold a worker for ever when a destination is away; recovery goes on later. */
const CLEAN_UP_MS = 60_000;

export const cancelledError = (by: string | null): AppError =>
  new AppError('cancelled', `cancelled by ${by ?? 'a person'}`, {
    hint: 'Start a new backup when you are ready; earlier backups are untouched.',
  });

const takenAwayError = (): AppError =>
  new AppError('interrupted', 'this run was given up while its worker could not reach the catalogue', {
    hint: 'Start a new backup, or wait for the next scheduled one; earlier backups are untouched.',
  });

const timeoutError = (minutes: number): AppError =>
  new AppError('timeout', `the backup took longer than ${String(minutes)} minutes`, {
    hint: 'Find out what slows it down, or raise BACKUP_TIMEOUT_MINUTES; earlier backups are untouched.',
  });

export const runsDir = (config: Config): string => join(config.dataDir, 'runs');

/**
 * Waits for its source to be free, then takes the row. The row stays queued, and can be cancelled, while it waits. Where a backup of
 * another source could be taken meanwhile, it waits in the queue instead (`gone`), so that it holds no worker from that one.
 */
async function claim(deps: EngineDeps, backupId: string, turn: AbortSignal): Promise<Claim> {
  for (let isFirst = true; ; isFirst = false) {
    const result = await persist(
      deps,
      'claim',
      () => deps.db.transaction((tx) => claimRun(tx, backupId, deps.workerId)),
      turn,
    );
    if (result.state !== 'busy') return result;
    if (result.isOtherReady) {
      await deps.db.transaction((tx) => deps.queue.enqueue(tx, backupJob, { backupId }));
      return { state: 'gone' };
    }
    if (isFirst) deps.log.info('another backup of this source is running; this one waits', { backupId });
    await deps.clock.sleep(TURN_MS, turn);
  }
}

/** Fails a run that no worker holds: a person cancelled it while it was queued. */
export async function failQueuedRun(deps: EngineDeps, backupId: string, error: AppError): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    if (!(await failRun(tx, backupId, null, error))) return false;
    await addAuditEntry(tx, workerActor('run'), 'backup.fail', backupId, { code: error.code });
    return true;
  });
}

/**
 * Takes the backup whose row this is: claims it, makes the archive, and sets COMPLETED with all that is known of it, or
 * FAILED with code, message and hint; of a run whose further copy failed, the good copies stay. Never throws for a backup that failed. Every write is fenced: a run that was taken
 * away meanwhile ends `gone` and removes what it made. Throws only when the wait for a turn was ended, or the
 * catalogue stayed away. A second call for the same row does nothing.
 */
export async function runBackup(
  ownDeps: EngineDeps,
  backupId: string,
  signals: BackupSignals,
): Promise<BackupOutcome> {
  const claimed = await claim(ownDeps, backupId, signals.turn);
  switch (claimed.state) {
    case 'busy':
    case 'gone':
      return 'gone';
    case 'cancelled':
      return (await failQueuedRun(ownDeps, backupId, cancelledError(claimed.by))) ? 'failed' : 'gone';
    case 'claimed':
  }
  const { run } = claimed;
  const deps = await depsOfSource(ownDeps, run.sourceId);
  const log = deps.log.child({ backupId });
  const stopped = new AbortController();
  const stop = (error: AppError) => {
    if (!stopped.signal.aborted) stopped.abort(error);
  };
  const limit = setTimeout(() => {
    stop(timeoutError(deps.config.timeoutMinutes));
  }, deps.config.timeoutMinutes * 60_000);
  const signal = AbortSignal.any([signals.run, stopped.signal]);
  const meter = createProgressMeter(run.destinations.length);

  const beatsEnd = new AbortController();
  const beats = (async () => {
    let isAway = false;
    while (!beatsEnd.signal.aborted) {
      try {
        const answer = await answered(
          deps.clock,
          beatRun(deps.db, backupId, deps.workerId, meter.look(deps.clock.now())),
          BEAT_ANSWER_MS,
        );
        if (answer === null) stop(takenAwayError());
        else if (answer.cancelRequested) stop(cancelledError(answer.cancelRequestedBy));
        isAway = false;
      } catch (error) {
        // A catalogue that restarts must not end a dump that is fine.
        if (!isAway) log.warn('no heartbeat could be written; the backup goes on', { error });
        isAway = true;
      }
      await deps.clock.sleep(BEAT_MS, beatsEnd.signal).catch(() => undefined);
    }
  })();

  const workDir = join(runsDir(deps.config), backupId);
  const places: Pick<ArchiveCopy, 'destination' | 'key'>[] = [];
  let result: ArchiveResult | undefined;
  let failure: AppError | undefined;
  log.info('backup started', { sourceId: run.sourceId, tiers: run.tiers, destinations: run.destinations });
  try {
    await mkdir(workDir, { recursive: true, mode: 0o700 });
    const ctx: RunContext = {
      runId: backupId,
      signal,
      clock: deps.clock,
      log,
      workDir,
      progress: (update) => {
        meter.update(update);
      },
    };
    const policy = await persist(
      deps,
      'verification policy',
      () => readVerificationPolicy(deps.db, deps.sourceId),
      signal,
    );
    result = await makeArchive(
      deps.config,
      {
        id: backupId,
        takenAt: run.startedAt,
        tiers: run.tiers,
        destinations: run.destinations,
        tables: run.tables,
        schemaOnly: run.schemaOnly,
        description: run.description,
        expectedPlainBytes:
          run.tables === null && !run.schemaOnly
            ? await persist(deps, 'last size', () => lastPlainBytes(deps.db, deps.sourceId), signal)
            : null,
        factsPolicy: factsPolicyOf(policy),
      },
      {
        writing: async (destination, key, filename) => {
          const isHeld = await persist(
            deps,
            'copy about to be written',
            () =>
              deps.db.transaction((tx) =>
                noteWriting(tx, backupId, deps.workerId, { destination, key, filename }),
              ),
            signal,
          );
          if (!isHeld) throw takenAwayError();
          places.push({ destination, key });
        },
        stored: (destination, sizeBytes, checkedAt) =>
          persist(
            deps,
            'copy read back',
            () => noteReadBack(deps.db, backupId, destination, sizeBytes, checkedAt),
            signal,
          ),
      },
      ctx,
    );
  } catch (error) {
    // What ended the run says more than the broken pipes that followed from it.
    failure = toAppError(signal.aborted ? signal.reason : error);
    if (failure.code === 'bug') log.error('the backup met an unknown error', { error });
  } finally {
    clearTimeout(limit);
    await rm(workDir, { recursive: true, force: true }).catch((error: unknown) => {
      log.warn('the run folder could not be removed', { workDir, error });
    });
  }

  try {
    return result === undefined
      ? await settleFailed(deps, backupId, failure ?? toAppError(undefined), log)
      : await settleCompleted(deps, run, result, places, log);
  } finally {
    // The run is shown as living until its last word is written.
    beatsEnd.abort();
    await beats;
  }
}

async function settleCompleted(
  deps: EngineDeps,
  run: Extract<Claim, { state: 'claimed' }>['run'],
  result: ArchiveResult,
  places: readonly Pick<ArchiveCopy, 'destination' | 'key'>[],
  log: EngineDeps['log'],
): Promise<BackupOutcome> {
  const expiresAt = estimateExpiry(retentionPolicy(deps.config), run.tiers, run.startedAt);
  const outcome = await persist(deps, 'backup completed', () =>
    deps.db.transaction(async (tx) => {
      const written = await completeRun(tx, run.id, deps.workerId, result, expiresAt);
      if (written === 'completed') {
        await addAuditEntry(tx, workerActor('run'), 'backup.complete', run.id, {
          sourceId: run.sourceId,
          filename: result.filename,
          sizeBytes: result.stored.bytes,
          sha256: result.stored.sha256,
          durationMs: result.durationMs,
        });
        await askForProof(deps, tx, run, result);
      }
      return written;
    }),
  );
  if (outcome === 'lost') {
    log.error('this run was given up by another worker; its archive is removed');
    const own = places.map((place) => ({ ...place, backupId: run.id }));
    await removeArchive(deps.config, own, {
      runId: run.id,
      signal: AbortSignal.timeout(CLEAN_UP_MS),
      log,
    });
    return 'gone';
  }
  log.info('backup completed', {
    filename: result.filename,
    sizeBytes: result.stored.bytes,
    sha256: result.stored.sha256,
    durationMs: result.durationMs,
  });
  if (!run.tiers.includes('MANUAL')) {
    try {
      await runRetain(deps);
    } catch (error) {
      // The backup is good; the next scheduled one looks again.
      log.error('retention could not run', { error });
    }
  }
  return 'completed';
}

/** In the transaction that completes the backup, so that no crash in between costs it its proof. */
async function askForProof(
  deps: EngineDeps,
  tx: Tx,
  run: Extract<Claim, { state: 'claimed' }>['run'],
  { plain, copies }: ArchiveResult,
): Promise<void> {
  const [copy] = copies;
  if (copy === undefined || run.tables !== null || run.schemaOnly) return;
  const policy = await readVerificationPolicy(tx, deps.sourceId);
  if (provingPeriodDays(policy, plain.bytes) !== 0) return;
  await addVerification(deps, tx, {
    backupId: run.id,
    destination: copy.destination,
    depth: 'restore',
    cause: 'after-backup',
  });
}

async function settleFailed(
  deps: EngineDeps,
  backupId: string,
  error: AppError,
  log: EngineDeps['log'],
): Promise<BackupOutcome> {
  const kept = error instanceof CopyFailed ? error.kept : null;
  const keptAt = kept?.copies.map(({ destination }) => destination) ?? [];
  log.error('backup failed', { error, keptAt });
  const isWritten = await persist(deps, 'backup failed', () =>
    deps.db.transaction(async (tx) => {
      if (!(await failRun(tx, backupId, deps.workerId, error, kept))) return false;
      if (error.code === 'object_exists') {
        // Another archive took the name meanwhile, perhaps one of backup.sh that the catalogue does not know yet.
        const notOurs = DESTINATIONS.filter((destination) => !keptAt.includes(destination));
        await markCopiesRemoved(tx, backupId, notOurs);
      }
      await addAuditEntry(tx, workerActor('run'), 'backup.fail', backupId, {
        sourceId: deps.sourceId,
        code: error.code,
        ...(kept === null ? {} : { filename: kept.filename, keptAt }),
      });
      return true;
    }),
  );
  if (isWritten || (await statusOf(deps.db, backupId)) === 'FAILED') {
    try {
      await removeCopies(deps, backupId, AbortSignal.timeout(CLEAN_UP_MS));
    } catch (failure) {
      log.warn('what the failed backup left could not be removed now; recovery tries again', {
        error: failure,
      });
    }
  }
  return isWritten ? 'failed' : 'gone';
}
