import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  DEPTHS,
  SCRATCH_PLACES,
  VERIFICATION_CAUSES,
  VERIFICATION_STATUSES,
  VERIFY_PHASES,
  type Check,
} from '../../lib/contracts/verification.ts';
import { backups, destination } from './backup.ts';

export const verificationDepth = pgEnum('verification_depth', DEPTHS);
export const verificationStatus = pgEnum('verification_status', VERIFICATION_STATUSES);
export const verificationCause = pgEnum('verification_cause', VERIFICATION_CAUSES);
export const verificationPhase = pgEnum('verification_phase', VERIFY_PHASES);
export const scratchPlace = pgEnum('scratch_place', SCRATCH_PLACES);

/** Every look at a stored copy. Rows are never changed once they have ended. */
export const verifications = pgTable(
  'verifications',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    backupId: uuid('backup_id')
      .notNull()
      .references(() => backups.id),
    /** Which copy is read. */
    destination: destination('destination').notNull(),
    depth: verificationDepth('depth').notNull(),
    cause: verificationCause('cause').notNull(),
    /** Who asked: the actor's name; null for the schedule. */
    requestedBy: text('requested_by'),
    status: verificationStatus('status').notNull().default('IN_PROGRESS'),
    proven: boolean('proven').notNull().default(false),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** When a worker took it; null while it waits. */
    startedAt: timestamp('started_at', { withTimezone: true }),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
    durationMs: integer('duration_ms'),
    restoreMs: integer('restore_ms'),
    place: scratchPlace('place'),
    checks: jsonb('checks').$type<Check[]>().notNull().default([]),
    passedCount: integer('passed_count').notNull().default(0),
    failedCount: integer('failed_count').notNull().default(0),
    unknownCount: integer('unknown_count').notNull().default(0),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    errorHint: text('error_hint'),
    log: text('log').notNull().default(''),
    /** The worker that holds it. Not a foreign key: it must outlive that worker's row. */
    workerId: uuid('worker_id'),
    heartbeatAt: timestamp('heartbeat_at', { withTimezone: true }),
    phase: verificationPhase('phase').notNull().default('queued'),
    progressBytes: bigint('progress_bytes', { mode: 'number' }).notNull().default(0),
    progressTotalBytes: bigint('progress_total_bytes', { mode: 'number' }),
    cancelRequestedAt: timestamp('cancel_requested_at', { withTimezone: true }),
    cancelRequestedBy: text('cancel_requested_by'),
  },
  (table) => [
    index('verifications_backup').on(table.backupId, table.createdAt),
    index('verifications_created_at').on(table.createdAt),
    // Two verifications of one backup would race for its proof: the second is refused.
    uniqueIndex('verifications_in_progress')
      .on(table.backupId)
      .where(sql`status = 'IN_PROGRESS'`),
  ],
);
