import { randomUUID } from 'node:crypto';
import { schedule } from 'node-cron';
import type { PgBoss } from 'pg-boss';
import {
  BackupJob,
  KeptCopyJob,
  LookJob,
  PreviewJob,
  RebuildJob,
  RestoreJob,
  SourceQuestionJob,
  VerifyJob,
} from '#lib/contracts/jobs.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { systemClock, type Clock } from '#lib/core/clock.ts';
import { AppError } from '#lib/core/errors.ts';
import type { Logger } from '#lib/core/run-context.ts';
import { runAskedRebuild } from '#lib/engine/asked-rebuild.ts';
import { runBackup } from '#lib/engine/backup.ts';
import type { EngineDeps } from '#lib/engine/deps.ts';
import { persist } from '#lib/engine/persist.ts';
import { tickLog } from '#lib/engine/read-log.ts';
import { runRecover } from '#lib/engine/recover.ts';
import { runKeptCopyQuestion } from '#lib/engine/kept-copies.ts';
import { runLook } from '#lib/engine/look.ts';
import { runPreview } from '#lib/engine/preview.ts';
import { runRemove } from '#lib/engine/remove.ts';
import { runRestore } from '#lib/engine/restore.ts';
import { runSourceQuestion } from '#lib/engine/source-question.ts';
import { runVerify } from '#lib/engine/verify.ts';
import {
  backupJob,
  createBoss,
  keptCopyJob,
  lookJob,
  previewJob,
  queueOf,
  rebuildJob,
  removeJob,
  restoreJob,
  sourceQuestionJob,
  verifyJob,
} from '#lib/jobs/queue.ts';
import { needDatabaseUrl, type Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { HOLDFAST_VERSION } from '#lib/platform/version.ts';
import { openCatalogue } from '#db/client.ts';
import { translateCatalogueError } from '#db/errors.ts';
import { nameEnvironmentSource } from '#db/queries/source.ts';
import { beatWorker, removeWorker } from '#db/queries/worker.ts';
import { tickDrills } from './drill-schedule.ts';
import { tickSources, tickVerifications } from './scheduler.ts';

const BEAT_MS = 5000;
const RECOVER_MS = 10_000;
const THOROUGH_MS = 3_600_000;
const RECONNECT_MS = 2000;
const COMPLAIN_MS = 30_000;
/** What is due is due in days; looking costs more than the schedule does. */
const PLAN_MS = 60_000;
/** As often as a server with the usual archive_timeout archives. */
const LOG_MS = 300_000;
/** After an abort: time for the child to die and the leftovers to be removed. */
const CLEAN_UP_MS = 20_000;

export interface Worker {
  readonly id: string;
  /** Resolves when the catalogue and the queue answered, jobs are being taken, and others see that this worker lives. */
  readonly ready: Promise<void>;
  /**
   * Takes nothing more, ends a running verification (which waits for another worker), lets a running backup finish within the
   * limit (default `stopLimitMs`), else aborts it cleanly (FAILED `interrupted`, leftovers removed), removes the heartbeat row and closes all connections. A second call waits for the
   * first.
   */
  stop(limitMs?: number): Promise<void>;
}

export interface WorkerOptions {
  readonly log?: Logger;
  readonly clock?: Clock;
  /** How long a running backup may go on after `stop`. */
  readonly stopLimitMs?: number;
}

const stoppedError = (): AppError =>
  new AppError('interrupted', 'the worker was stopped while this backup ran', {
    hint: 'Start a new backup, or wait for the next scheduled one; earlier backups are untouched.',
  });

/** Starts a worker in this process. Throws `config` without a catalogue; a catalogue that is away is waited for. */
export function startWorker(config: Config, options: WorkerOptions = {}): Worker {
  const url = needDatabaseUrl(config);
  const id = randomUUID();
  const clock = options.clock ?? systemClock;
  const log = options.log ?? createLogger(config.logLevel, { process: 'worker', workerId: id });
  const catalogue = openCatalogue(url, { applicationName: 'holdfast-worker' });
  const active = new Map<string, Promise<unknown>>();
  const verifying = new Map<string, Promise<unknown>>();
  const rebuilding = new Map<string, Promise<unknown>>();
  /** Ends everything that takes new work. */
  const ending = new AbortController();
  /** Ends the running backup. */
  const aborting = new AbortController();

  let complainedAt = -Infinity;
  const complain = (what: string, thrown: unknown): void => {
    const now = clock.now().getTime();
    // An outage of an hour is one story, not four thousand lines.
    if (now - complainedAt < COMPLAIN_MS) return;
    complainedAt = now;
    log.warn(what, { error: translateCatalogueError(thrown) });
  };

  const openQueue = async (): Promise<PgBoss> => {
    for (;;) {
      const boss = createBoss(url, 'worker');
      boss.on('error', (error) => {
        complain('the queue reported an error; it is tried again', error);
      });
      try {
        return await boss.start();
      } catch (error) {
        complain('the queue in the catalogue cannot be opened yet; it is tried again', error);
        await boss.stop({ graceful: false }).catch(() => undefined);
      }
      await clock.sleep(RECONNECT_MS, ending.signal);
    }
  };

  /** Calls `act` at once and then every so often, until the worker ends; a failure is a complaint, not an end. */
  const repeat = async (what: string, everyMs: number, act: () => Promise<void>): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await act();
      } catch (error) {
        complain(`${what} failed; it is tried again`, error);
      }
      await clock.sleep(everyMs, ending.signal).catch(() => undefined);
    }
  };

  const beat = () =>
    beatWorker(catalogue.db, { id, hostname: config.hostname, pid: process.pid, version: HOLDFAST_VERSION });

  // The heart goes on beating while a running backup is allowed to finish.
  const heartEnd = new AbortController();
  const firstBeat = Promise.withResolvers<null>();
  const heart = (async () => {
    while (!heartEnd.signal.aborted) {
      try {
        await beat();
        firstBeat.resolve(null);
      } catch (error) {
        complain('no heartbeat could be written; it is tried again', error);
      }
      await clock.sleep(BEAT_MS, heartEnd.signal).catch(() => undefined);
    }
  })();
  // Else a worker that is stopped before the catalogue answered would wait for it.
  ending.signal.addEventListener('abort', () => {
    firstBeat.resolve(null);
  });

  let boss: PgBoss | undefined;
  const loops: Promise<unknown>[] = [heart];

  const ready = (async () => {
    boss = await openQueue();
    const deps: EngineDeps = {
      config,
      sourceId: ENVIRONMENT_SOURCE_ID,
      db: catalogue.db,
      queue: queueOf(boss),
      log,
      clock,
      workerId: id,
    };
    await persist(
      deps,
      'source',
      () => nameEnvironmentSource(catalogue.db, config.source.database),
      ending.signal,
    );

    let thoroughAt = -Infinity;
    const recover = async (): Promise<void> => {
      const now = clock.now().getTime();
      const isThorough = now - thoroughAt >= THOROUGH_MS;
      await runRecover(deps, { ownActive: () => [...active.keys(), ...verifying.keys()], isThorough });
      if (isThorough) thoroughAt = now;
    };
    /** A stopping worker waits for what is in `running`, or ends it. */
    const follow = async (
      running: Map<string, Promise<unknown>>,
      id: string,
      what: string,
      run: Promise<unknown>,
    ): Promise<void> => {
      running.set(id, run);
      try {
        await run;
      } catch (error) {
        if (!ending.signal.aborted)
          log.error(`a ${what} job could not be done`, { [`${what}Id`]: id, error });
        // Not drizzle's own error: pg-boss keeps what is thrown, and it holds query parameters.
        throw new Error(`the ${what} job could not be done; the log of the worker says why`);
      } finally {
        running.delete(id);
      }
    };
    await boss.work(backupJob.name, { pollingIntervalSeconds: 1 }, async ([job]) => {
      if (job === undefined) return;
      const { backupId } = BackupJob.parse(job.data);
      await follow(
        active,
        backupId,
        'backup',
        runBackup(deps, backupId, { run: aborting.signal, turn: ending.signal }),
      );
    });
    await boss.work(removeJob.name, { pollingIntervalSeconds: 1 }, async ([job]) => {
      if (job === undefined) return;
      const { backupId } = BackupJob.parse(job.data);
      try {
        await runRemove(deps, backupId, AbortSignal.any([aborting.signal, job.signal]));
      } catch (error) {
        log.warn('a backup could not be deleted yet; it is tried again', { backupId, error });
        throw new Error('the backup could not be deleted yet; the log of the worker says why');
      }
    });

    await boss.work(verifyJob.name, { pollingIntervalSeconds: 1 }, async ([job]) => {
      if (job === undefined) return;
      const { verificationId } = VerifyJob.parse(job.data);
      // Nobody waits for a proof as for a backup: a stopping worker ends it at once, and another one begins anew.
      await follow(verifying, verificationId, 'verification', runVerify(deps, verificationId, ending.signal));
    });

    await boss.work(restoreJob.name, { pollingIntervalSeconds: 1 }, async ([job]) => {
      if (job === undefined) return;
      const { restoreId } = RestoreJob.parse(job.data);
      await follow(
        active,
        restoreId,
        'restore',
        runRestore(deps, restoreId, { run: aborting.signal, turn: ending.signal }),
      );
    });
    await boss.work(previewJob.name, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
      if (job === undefined) return;
      await runPreview(deps, PreviewJob.parse(job.data).previewId, ending.signal);
    });
    await boss.work(lookJob.name, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
      if (job === undefined) return;
      await runLook(deps, LookJob.parse(job.data).lookId, ending.signal);
    });
    await boss.work(keptCopyJob.name, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
      if (job === undefined) return;
      await runKeptCopyQuestion(deps, KeptCopyJob.parse(job.data).questionId, ending.signal);
    });
    await boss.work(sourceQuestionJob.name, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
      if (job === undefined) return;
      await runSourceQuestion(deps, SourceQuestionJob.parse(job.data).questionId, ending.signal);
    });
    await boss.work(rebuildJob.name, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
      if (job === undefined) return;
      const { rebuildId } = RebuildJob.parse(job.data);
      await follow(rebuilding, rebuildId, 'rebuild', runAskedRebuild(deps, rebuildId, ending.signal));
    });

    let ticking: Promise<unknown> = Promise.resolve();
    const look = () => {
      ticking = ticking.then(() =>
        tickSources(deps).catch((error: unknown) => {
          complain('the schedule could not be looked at; it is tried again', error);
        }),
      );
    };
    look();
    loops.push(
      repeat('the verification plan', PLAN_MS, async () => {
        await tickVerifications(deps);
      }),
    );
    loops.push(
      repeat('the schedule of drills', PLAN_MS, async () => {
        await tickDrills(deps);
      }),
    );
    loops.push(repeat('looking at the kept log', LOG_MS, () => tickLog(deps, ending.signal)));
    // More often than once a minute: a clock that is a moment ahead of the catalogue's must not cost a whole minute.
    const cron = schedule('*/15 * * * * *', look, { noOverlap: true, suppressMissedWarning: true });
    ending.signal.addEventListener('abort', () => {
      void cron.destroy();
    });
    loops.push(repeat('recovery', RECOVER_MS, recover));
    // Else a question right after `ready` could be told that no worker is running.
    await firstBeat.promise;
    if (ending.signal.aborted) await cron.destroy();
    log.info('worker is ready', {
      schedule: config.schedule,
      hostname: config.hostname,
      version: HOLDFAST_VERSION,
    });
  })();
  // Whoever does not wait for it must not be killed by it: `stop` before the catalogue answered rejects it.
  ready.catch(() => undefined);

  const end = async (limitMs: number): Promise<void> => {
    log.info('worker is stopping', { running: active.size, verifying: verifying.size });
    ending.abort(new AppError('interrupted', 'the worker is stopping'));
    await ready.catch(() => undefined);
    // Not awaited: it ends when the running backup does.
    const offWork = Promise.allSettled([
      boss?.offWork(backupJob.name),
      boss?.offWork(removeJob.name),
      boss?.offWork(verifyJob.name),
      boss?.offWork(restoreJob.name),
      boss?.offWork(previewJob.name),
      boss?.offWork(lookJob.name),
      boss?.offWork(keptCopyJob.name),
      boss?.offWork(sourceQuestionJob.name),
      boss?.offWork(rebuildJob.name),
    ]);
    const settled = Promise.allSettled(active.values());
    const isDone = await Promise.race([settled.then(() => true), clock.sleep(limitMs).then(() => false)]);
    if (!isDone) {
      aborting.abort(stoppedError());
      await Promise.race([settled, clock.sleep(CLEAN_UP_MS)]);
    }
    aborting.abort(stoppedError());
    await Promise.race([
      Promise.allSettled([...verifying.values(), ...rebuilding.values()]),
      clock.sleep(CLEAN_UP_MS),
    ]);
    await Promise.race([offWork, clock.sleep(5000)]);
    await boss?.stop({ graceful: true, timeout: 2000 }).catch(() => undefined);
    heartEnd.abort();
    await Promise.race([Promise.allSettled(loops), clock.sleep(5000)]);
    await removeWorker(catalogue.db, id).catch((error: unknown) => {
      log.warn('the heartbeat row could not be removed; it counts as stale soon', { error });
    });
    await catalogue.close();
    log.info('worker has stopped');
  };
  let stopping: Promise<void> | undefined;
  return { id, ready, stop: (limitMs = options.stopLimitMs ?? 30_000) => (stopping ??= end(limitMs)) };
}
