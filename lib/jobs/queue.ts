import { sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import type { Secret } from '../core/secret.ts';
import {
  BackupJob,
  KeptCopyJob,
  LookJob,
  PreviewJob,
  RebuildJob,
  RestoreJob,
  SourceQuestionJob,
  VerifyJob,
} from '../contracts/jobs.ts';

/** A queue and what may be in it. `parse` is used on both ends, so that a job nobody understands is never sent. */
export interface JobDefinition<Name extends string, Payload> extends JobLimits {
  readonly name: Name;
  parse(input: unknown): Payload;
}

interface JobLimits {
  /** Tries after the first. */
  readonly retryLimit: number;
  /** The queue hands a job to another worker after this, should its worker have died without a word. */
  readonly expireInSeconds: number;
  /** Without a sign of life for this long the job goes to another worker. */
  readonly heartbeatSeconds: number;
  /** The longest wait before another try. */
  readonly retryDelayMax: number;
}

/** Of what takes as long as a database is large. */
const runLimits: JobLimits = {
  retryLimit: 3,
  expireInSeconds: 24 * 3600 - 1,
  heartbeatSeconds: 20,
  retryDelayMax: 60,
};

/** Of what somebody waits for at the screen: who asked is gone before another try would answer. */
const questionLimits: JobLimits = {
  retryLimit: 0,
  expireInSeconds: 120,
  heartbeatSeconds: 20,
  retryDelayMax: 60,
};

/** Take a backup: its row says of what and where to. Handlers claim the row first, so a second delivery does nothing. */
export const backupJob: JobDefinition<'backup', BackupJob> = {
  name: 'backup',
  parse: (input) => BackupJob.parse(input),
  ...runLimits,
};

/** Remove the objects of an EXPIRED backup, then mark it DELETED. Safe to repeat at any point. */
export const removeJob: JobDefinition<'remove', BackupJob> = {
  name: 'remove',
  parse: (input) => BackupJob.parse(input),
  retryLimit: 20,
  expireInSeconds: 900,
  heartbeatSeconds: 20,
  retryDelayMax: 600,
};

/** Verify a backup: its row says which and how deep. Handlers claim the row first, so a second delivery does nothing. */
export const verifyJob: JobDefinition<'verify', VerifyJob> = {
  name: 'verify',
  parse: (input) => VerifyJob.parse(input),
  ...runLimits,
};

/** Restore, or undo the swap of a restore: its row says which. Handlers claim the row first, so a second delivery does nothing. */
export const restoreJob: JobDefinition<'restore', RestoreJob> = {
  name: 'restore',
  parse: (input) => RestoreJob.parse(input),
  ...runLimits,
};

/** Answer what a restore would do; somebody waits for it at the screen. */
export const previewJob: JobDefinition<'preview', PreviewJob> = {
  name: 'preview',
  parse: (input) => PreviewJob.parse(input),
  ...questionLimits,
};

/** Answer what stands in a restored copy; somebody waits for it at the screen. */
export const lookJob: JobDefinition<'look', LookJob> = {
  name: 'look',
  parse: (input) => LookJob.parse(input),
  ...questionLimits,
};

/** Answer what restores left on the servers, or drop one of these; somebody waits for it at the screen. */
export const keptCopyJob: JobDefinition<'kept-copy', KeptCopyJob> = {
  name: 'kept-copy',
  parse: (input) => KeptCopyJob.parse(input),
  ...questionLimits,
};

/** Answer whether a source can be reached, or what databases its server has; somebody waits for it at the screen. */
export const sourceQuestionJob: JobDefinition<'source-question', SourceQuestionJob> = {
  name: 'source-question',
  parse: (input) => SourceQuestionJob.parse(input),
  retryLimit: 0,
  expireInSeconds: 120,
  heartbeatSeconds: 20,
  retryDelayMax: 60,
};

/** Record what lies at the destinations and the history does not have. Safe to repeat at any point. */
export const rebuildJob: JobDefinition<'rebuild', RebuildJob> = {
  name: 'rebuild',
  parse: (input) => RebuildJob.parse(input),
  ...runLimits,
};

/** What `enqueue` needs of a drizzle transaction. */
export interface JobTransaction {
  execute(query: ReturnType<typeof sql>): PromiseLike<unknown>;
}

export interface Queue {
  /** In the caller's transaction: the job exists exactly when the row and the audit entry do. */
  enqueue<Payload extends object>(
    tx: JobTransaction,
    job: JobDefinition<string, Payload>,
    payload: Payload,
  ): Promise<void>;
  /** True while a job with this payload waits, is running, or will be tried again. */
  isPending<Payload extends object>(job: JobDefinition<string, Payload>, payload: Payload): Promise<boolean>;
  close(): Promise<void>;
}

const QUEUE_SCHEMA = 'pgboss';

/** pg-boss for a process of this kind; only workers supervise, nobody migrates but the migration command. */
export function createBoss(url: Secret, role: 'web' | 'worker' | 'migrate'): PgBoss {
  return new PgBoss({
    connectionString: url.reveal(),
    schema: QUEUE_SCHEMA,
    application_name: `holdfast-${role}-queue`,
    max: role === 'worker' ? 4 : 1,
    migrate: role === 'migrate',
    createSchema: role === 'migrate',
    supervise: role === 'worker',
    // A dead worker's jobs are found by these two; a minute each is long for somebody who waits for a backup.
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
    schedule: false,
  });
}

/** Creates or updates the queues; part of the migration command. */
export async function migrateQueue(url: Secret): Promise<void> {
  const boss = createBoss(url, 'migrate');
  boss.on('error', () => undefined);
  await boss.start();
  try {
    for (const job of [
      backupJob,
      removeJob,
      verifyJob,
      restoreJob,
      previewJob,
      lookJob,
      keptCopyJob,
      sourceQuestionJob,
      rebuildJob,
    ]) {
      const { name, retryLimit, expireInSeconds, heartbeatSeconds, retryDelayMax } = job;
      const options = {
        retryLimit,
        retryDelay: 2,
        retryBackoff: true,
        retryDelayMax,
        expireInSeconds,
        heartbeatSeconds,
      };
      if ((await boss.getQueue(name)) === null) await boss.createQueue(name, options);
      else await boss.updateQueue(name, options);
    }
  } finally {
    await boss.stop({ graceful: false });
  }
}

/** The sending end. `boss` must have been started. */
export function queueOf(boss: PgBoss): Queue {
  return {
    enqueue: async (tx, job, payload) => {
      await boss.send(job.name, job.parse(payload), { db: fromDrizzle(tx as never, sql) });
    },
    isPending: async (job, payload) => {
      const jobs = await boss.findJobs(job.name, { data: job.parse(payload) });
      return jobs.some(({ state }) => state === 'created' || state === 'retry' || state === 'active');
    },
    close: () => boss.stop({ graceful: false }),
  };
}
