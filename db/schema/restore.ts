import { sql } from 'drizzle-orm';
import {
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
  RESTORE_MODES,
  RESTORE_PHASES,
  RESTORE_STATUSES,
  type RestoreLook,
  type RestorePlan,
  type RestorePreview,
} from '../../lib/contracts/restore.ts';
import type { DroppedCopy, KeptCopies, KeptCopyName } from '../../lib/contracts/kept-copy.ts';
import { ENVIRONMENT_SOURCE_ID } from '../../lib/contracts/source.ts';
import type { ExchangeStep } from '../../lib/contracts/path.ts';
import type { Check } from '../../lib/contracts/verification.ts';
import { backups, destination } from './backup.ts';
import { environmentKind } from './environment-kind.ts';
import { sources } from './source.ts';

export const restoreMode = pgEnum('restore_mode', RESTORE_MODES);
export const restoreStatus = pgEnum('restore_status', RESTORE_STATUSES);
export const restorePhase = pgEnum('restore_phase', RESTORE_PHASES);

/** Every restore somebody asked for, with the report that stays. */
export const restores = pgTable(
  'restores',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    backupId: uuid('backup_id')
      .notNull()
      .references(() => backups.id),
    destination: destination('destination').notNull(),
    mode: restoreMode('mode').notNull(),
    /** Whose server it goes to: the source of the backup. */
    sourceId: uuid('source_id')
      .notNull()
      .default(ENVIRONMENT_SOURCE_ID)
      .references(() => sources.id),
    targetDatabase: text('target_database').notNull(),
    environment: environmentKind('environment').notNull(),
    plan: jsonb('plan').$type<RestorePlan>().notNull(),
    reason: text('reason'),
    requestedBy: text('requested_by').notNull(),
    status: restoreStatus('status').notNull().default('IN_PROGRESS'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    startedAt: timestamp('started_at', { withTimezone: true }),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
    durationMs: integer('duration_ms'),
    restoreMs: integer('restore_ms'),
    /** Noted before the database is created, so that a crash leaves a name to sweep. */
    copyDatabase: text('copy_database'),
    checks: jsonb('checks').$type<Check[]>().notNull().default([]),
    proven: boolean('proven').notNull().default(false),
    /** Noted before the renames; the databases' names then say whether they were done. */
    keptDatabase: text('kept_database'),
    /** Of paths: the renames of the newest exchange, noted before the first of them. */
    moves: jsonb('moves').$type<ExchangeStep[]>(),
    /** A copy that is `ready` is to be swapped in. */
    swapRequestedAt: timestamp('swap_requested_at', { withTimezone: true }),
    swapRequestedBy: text('swap_requested_by'),
    swappedAt: timestamp('swapped_at', { withTimezone: true }),
    interruptionMs: integer('interruption_ms'),
    undoRequestedAt: timestamp('undo_requested_at', { withTimezone: true }),
    undoRequestedBy: text('undo_requested_by'),
    undoneAt: timestamp('undone_at', { withTimezone: true }),
    undoReason: text('undo_reason'),
    /** An undo goes on although rows were written since, which are kept. */
    undoAcceptsChanges: boolean('undo_accepts_changes').notNull().default(false),
    /** Kept databases, and schemas of the target, that were dropped by their name since: nothing of them can be undone. */
    dropped: jsonb('dropped').$type<string[]>().notNull().default([]),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    errorHint: text('error_hint'),
    log: text('log').notNull().default(''),
    /** The worker that holds it. Not a foreign key: it must outlive that worker's row. */
    workerId: uuid('worker_id'),
    heartbeatAt: timestamp('heartbeat_at', { withTimezone: true }),
    phase: restorePhase('phase').notNull().default('queued'),
    progressTable: text('progress_table'),
    tablesDone: integer('tables_done').notNull().default(0),
    tableCount: integer('table_count').notNull().default(0),
    progressPercent: integer('progress_percent').notNull().default(0),
    etaSeconds: integer('eta_seconds'),
    cancelRequestedAt: timestamp('cancel_requested_at', { withTimezone: true }),
    cancelRequestedBy: text('cancel_requested_by'),
  },
  (table) => [
    index('restores_created_at').on(table.createdAt, table.id),
    // Two restores to one target would take each other's databases: the second is refused.
    uniqueIndex('restores_in_progress')
      .on(table.sourceId, table.targetDatabase)
      .where(sql`status = 'IN_PROGRESS'`),
  ],
);

/** A question to a worker, answered within seconds: the web process opens no source. Rows of more than a day are removed. */
export const restorePreviews = pgTable('restore_previews', {
  id: uuid('id').primaryKey().defaultRandom(),
  backupId: uuid('backup_id')
    .notNull()
    .references(() => backups.id),
  plan: jsonb('plan').$type<RestorePlan>().notNull(),
  requestedBy: text('requested_by').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  answer: jsonb('answer').$type<RestorePreview>(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  errorHint: text('error_hint'),
});

/** Another such question: what stands in a restored copy. Its answer holds rows of the application, and goes once it is read. */
export const restoreLooks = pgTable('restore_looks', {
  id: uuid('id').primaryKey().defaultRandom(),
  restoreId: uuid('restore_id')
    .notNull()
    .references(() => restores.id),
  tableSchema: text('table_schema'),
  tableName: text('table_name'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  answer: jsonb('answer').$type<RestoreLook>(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  errorHint: text('error_hint'),
});

/** What restores left on the servers; with `wanted`, one of them is to be dropped. The row goes once its answer is read. */
export const keptCopyQuestions = pgTable('kept_copy_questions', {
  id: uuid('id').primaryKey().defaultRandom(),
  wanted: jsonb('wanted').$type<KeptCopyName>(),
  requestedBy: text('requested_by').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  answer: jsonb('answer').$type<KeptCopies | DroppedCopy>(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  errorHint: text('error_hint'),
});
