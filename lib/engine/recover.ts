import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupId } from '../contracts/backup.ts';
import { AppError } from '../core/errors.ts';
import { backupJob, removeJob, verifyJob } from '../jobs/queue.ts';
import { openPostgres } from '../sources/registry.ts';
import { openStorage } from '../storage/registry.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow } from '#db/queries/backup.ts';
import {
  backupsWithLeftovers,
  deadRuns,
  expiredBackups,
  failRun,
  heldRuns,
  queuedRuns,
} from '#db/queries/run.ts';
import { removeOldRebuilds } from '#db/queries/rebuild.ts';
import { removeOldSourceQuestions } from '#db/queries/source-question.ts';
import { deadVerifications, unfinishedVerifications } from '#db/queries/verification.ts';
import { removeDeadWorkers } from '#db/queries/worker.ts';
import { cancelledError, failQueuedRun, runsDir } from './backup.ts';
import { workerActor, type EngineDeps } from './deps.ts';
import { endLeftDrills, signLeftReports } from './drill.ts';
import { removeCopies } from './leftovers.ts';
import { mendRestores, reviveRestores } from './recover-restores.ts';
import { depsOfSources } from './source-deps.ts';
import { endUnknown, verificationCancelled } from './verify.ts';

/** No more of each kind in one pass, so that a destination that is away does not hold the others up for long. */
const BATCH = 50;
const CLEAN_UP_MS = 60_000;
/** A foreign upload in the same bucket may take this long before it is taken for a leftover. */
const FOREIGN_GRACE_MS = 24 * 3_600_000;

export interface RecoverOptions {
  /** Runs and verifications of this process that are going on. */
  readonly ownActive: () => readonly string[];
  /** Also look for old leftovers nobody's row speaks of. */
  readonly isThorough: boolean;
}

const deadError = (): AppError =>
  new AppError('interrupted', 'the worker that took this backup died', {
    hint: 'Start a new backup, or wait for the next scheduled one; earlier backups are untouched.',
  });

const deadVerifierError = (): AppError =>
  new AppError('interrupted', 'the worker that verified this backup died', {
    hint: 'Verify the backup again.',
  });

/**
 * Puts right what dead workers left (promise 10): their runs become FAILED `interrupted` and what they wrote is removed;
 * their verifications become UNKNOWN `interrupted`, and the scratch they restored into is removed; queued and EXPIRED rows
 * whose job is lost get a new one; their restores are finished or undone, whichever the names of the databases show; drills that no verification will end are ended, and unsigned reports are signed; a cancelled row that nobody took becomes FAILED, or UNKNOWN where it is a verification. Never
 * touches what a living worker holds. Safe to run in several workers at once, and again after being killed anywhere.
 * One part's failure is logged and does not keep the others from running.
 */
export async function runRecover(deps: EngineDeps, options: RecoverOptions): Promise<void> {
  const part = async (what: string, act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      deps.log.warn('a part of recovery could not be done; it is tried again', { what, error });
    }
  };
  let reaped = 0;
  await part('dead runs', async () => {
    reaped = await reapDeadRuns(deps, options.ownActive());
  });
  await part('leftovers', () => removeLeftovers(deps));
  await part('queued runs', () => reviveQueuedRuns(deps));
  await part('expired backups', () => reviveRemovals(deps));
  let reapedVerifications = 0;
  await part('dead verifications', async () => {
    reapedVerifications = await reapDeadVerifications(deps, options.ownActive());
  });
  await part('waiting verifications', () => reviveVerifications(deps));
  await part('left drills', () => endLeftDrills(deps));
  await part('unsigned reports', () => signLeftReports(deps));
  await part('dead restores', () => mendRestores(deps, options.ownActive()));
  await part('waiting restores', () => reviveRestores(deps));
  await part('old questions about sources', () => removeOldSourceQuestions(deps.db));
  await part('old rebuilds', () => removeOldRebuilds(deps.db));
  if (reapedVerifications > 0 || options.isThorough) await part('scratch', () => sweepScratch(deps));
  if (options.isThorough) await part('unfinished uploads', () => sweepStorages(deps));
  if (reaped > 0 || options.isThorough) {
    await part('run folders', () => sweepRunFolders(deps));
    await part('dead workers', () => removeDeadWorkers(deps.db));
  }
}

async function reapDeadRuns(deps: EngineDeps, ownActive: readonly string[]): Promise<number> {
  let count = 0;
  for (const { id, workerId } of await deadRuns(deps.db, deps.workerId, ownActive)) {
    const error = deadError();
    const isOurs = await deps.db.transaction(async (tx) => {
      // Of several workers that see it, one does this; a run that was finished meanwhile is left as it is.
      if (!(await failRun(tx, id, workerId, error))) return false;
      await addAuditEntry(tx, workerActor('recovery'), 'backup.fail', id, { code: error.code, workerId });
      return true;
    });
    if (!isOurs) continue;
    count += 1;
    deps.log.warn('a backup of a dead worker was marked failed', { backupId: id, workerId });
  }
  return count;
}

async function removeLeftovers(deps: EngineDeps): Promise<void> {
  for (const id of await backupsWithLeftovers(deps.db, BATCH)) {
    try {
      await removeCopies(deps, id, AbortSignal.timeout(CLEAN_UP_MS));
      deps.log.info('what a failed backup left was removed', { backupId: id });
    } catch (error) {
      deps.log.warn('what a failed backup left could not be removed yet', { backupId: id, error });
    }
  }
}

async function reviveQueuedRuns(deps: EngineDeps): Promise<void> {
  for (const { id, isCancelled, cancelRequestedBy } of await queuedRuns(deps.db)) {
    if (isCancelled) {
      if (await failQueuedRun(deps, id, cancelledError(cancelRequestedBy)))
        deps.log.info('a queued backup was cancelled', { backupId: id });
    } else if (!(await deps.queue.isPending(backupJob, { backupId: id }))) {
      deps.log.warn('a queued backup had lost its job; it gets a new one', { backupId: id });
      await deps.db.transaction((tx) => deps.queue.enqueue(tx, backupJob, { backupId: id }));
    }
  }
}

async function reapDeadVerifications(deps: EngineDeps, ownActive: readonly string[]): Promise<number> {
  let count = 0;
  for (const { id, workerId } of await deadVerifications(deps.db, deps.workerId, ownActive)) {
    if (!(await endUnknown(deps, id, workerId, deadVerifierError()))) continue;
    count += 1;
    deps.log.warn('a verification of a dead worker was ended', { verificationId: id, workerId });
  }
  return count;
}

async function reviveVerifications(deps: EngineDeps): Promise<void> {
  for (const { id, workerId, isCancelled, cancelRequestedBy } of await unfinishedVerifications(deps.db)) {
    if (workerId !== null) continue;
    if (isCancelled) {
      if (await endUnknown(deps, id, null, verificationCancelled(cancelRequestedBy)))
        deps.log.info('a waiting verification was cancelled', { verificationId: id });
    } else if (!(await deps.queue.isPending(verifyJob, { verificationId: id }))) {
      deps.log.warn('a waiting verification had lost its job; it gets a new one', { verificationId: id });
      await deps.db.transaction((tx) => deps.queue.enqueue(tx, verifyJob, { verificationId: id }));
    }
  }
}

/** Restored databases whose verification is over; those of waiting ones count as held, because a worker may take them now. */
async function sweepScratch(deps: EngineDeps): Promise<void> {
  const held = new Set((await unfinishedVerifications(deps.db)).map(({ id }) => id));
  let count = 0;
  // Clusters and the verification server are every source's; databases beside its own are made only where that is allowed.
  for (const { config } of deps.config.verify.mayUseSource ? await depsOfSources(deps) : [deps]) {
    count += await openPostgres(config).sweepScratch(
      { signal: AbortSignal.timeout(CLEAN_UP_MS), log: deps.log, clock: deps.clock },
      (id) => held.has(id),
    );
  }
  if (count > 0) deps.log.info('restored databases of ended verifications were removed', { count });
}

async function reviveRemovals(deps: EngineDeps): Promise<void> {
  for (const id of await expiredBackups(deps.db, BATCH)) {
    if (await deps.queue.isPending(removeJob, { backupId: id })) continue;
    deps.log.warn('an expired backup had lost its job; it gets a new one', { backupId: id });
    await deps.db.transaction((tx) => deps.queue.enqueue(tx, removeJob, { backupId: id }));
  }
}

/** What nobody's row speaks of; a dead run's own unfinished writes go with its copies. */
async function sweepStorages(deps: EngineDeps): Promise<void> {
  const now = await catalogueNow(deps.db);
  // What a living run writes began after its start.
  const oldest = Math.min(...(await heldRuns(deps.db)).map(({ startedAt }) => startedAt.getTime()));
  const before = new Date(Math.min(now.getTime() - FOREIGN_GRACE_MS, oldest));
  for (const destination of deps.config.s3 === null ? (['local'] as const) : (['local', 's3'] as const)) {
    const storage = openStorage(deps.config, destination);
    try {
      const count = await storage.sweep(
        { runId: deps.workerId, signal: AbortSignal.timeout(CLEAN_UP_MS), log: deps.log },
        before,
      );
      if (count > 0) deps.log.info('unfinished uploads were removed', { destination, count });
    } finally {
      await storage.close();
    }
  }
}

/** Folders of runs that are over; those of running ones, on whatever machine, stay. */
async function sweepRunFolders(deps: EngineDeps): Promise<void> {
  const folder = runsDir(deps.config);
  const held = new Set((await heldRuns(deps.db)).map(({ id }) => id));
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return;
  }
  for (const name of names) {
    if (!BackupId.safeParse(name).success || held.has(name)) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
