import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  BACKUP_STATUSES,
  COPY_STATUSES,
  DESTINATIONS,
  PROOF_STATES,
  TIERS,
} from '../../lib/contracts/backup.ts';
import { ENVIRONMENT_SOURCE_ID } from '../../lib/contracts/source.ts';
import type { Manifest } from '../../lib/contracts/manifest.ts';
import { PHASES } from '../../lib/core/run-context.ts';
import { sources } from './source.ts';

export const backupStatus = pgEnum('backup_status', BACKUP_STATUSES);
export const backupTier = pgEnum('backup_tier', TIERS);
export const backupPhase = pgEnum('backup_phase', PHASES);
export const destination = pgEnum('destination', DESTINATIONS);
export const proofState = pgEnum('proof_state', PROOF_STATES);
export const copyStatus = pgEnum('copy_status', COPY_STATUSES);

/** BackupRecord of 4-ims.md BR-003, widened. */
export const backups = pgTable(
  'backups',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    sourceId: uuid('source_id')
      .notNull()
      .default(ENVIRONMENT_SOURCE_ID)
      .references(() => sources.id),
    filename: text('filename').notNull(),
    /** Stored bytes; null until known. */
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    /** SHA-256 (hex) of the stored bytes. */
    checksum: text('checksum'),
    plainSizeBytes: bigint('plain_size_bytes', { mode: 'number' }),
    plainChecksum: text('plain_checksum'),
    /** The tier it was taken for: the first of `tiers`. */
    type: backupTier('type').notNull(),
    tiers: backupTier('tiers').array().notNull(),
    /** Where it goes, in order; the first is what BR-003 calls storage. */
    destinations: destination('destinations').array().notNull(),
    /** Full path or S3 key of the first copy; null until known. */
    storagePath: text('storage_path'),
    status: backupStatus('status').notNull().default('IN_PROGRESS'),
    durationMs: integer('duration_ms'),
    tableCount: integer('table_count'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    errorHint: text('error_hint'),
    description: text('description'),
    /** Null backs up every table. */
    tables: text('tables').array(),
    schemaOnly: boolean('schema_only').notNull().default(false),
    isEncrypted: boolean('is_encrypted').notNull().default(false),
    /** Who asked: the actor's name; null for the schedule. */
    requestedBy: text('requested_by'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** When a worker took it; null while queued. */
    startedAt: timestamp('started_at', { withTimezone: true }),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
    /** When retention may take it, as the policy stood at the last look. */
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    deletedAt: timestamp('deleted_at', { withTimezone: true }),
    /** The worker that holds it. Not a foreign key: it must outlive that worker's row. */
    workerId: uuid('worker_id'),
    heartbeatAt: timestamp('heartbeat_at', { withTimezone: true }),
    phase: backupPhase('phase').notNull().default('queued'),
    progressBytes: bigint('progress_bytes', { mode: 'number' }).notNull().default(0),
    progressTotalBytes: bigint('progress_total_bytes', { mode: 'number' }),
    /** Of the whole run, never falling; 0 to 99 while it runs. */
    progressPercent: integer('progress_percent').notNull().default(0),
    progressBytesPerSecond: bigint('progress_bytes_per_second', { mode: 'number' }),
    cancelRequestedAt: timestamp('cancel_requested_at', { withTimezone: true }),
    cancelRequestedBy: text('cancel_requested_by'),
    manifest: jsonb('manifest').$type<Manifest>(),
    /** What its verifications say; set only by the transaction that settles one (db/queries/verification.ts). */
    proof: proofState('proof').notNull().default('NEVER'),
    provenAt: timestamp('proven_at', { withTimezone: true }),
    /** When a stored copy was last read and found to be what was written. */
    bytesFineAt: timestamp('bytes_fine_at', { withTimezone: true }),
    proofFailedAt: timestamp('proof_failed_at', { withTimezone: true }),
    /** What coming back took when it was last proven: from the first byte read to the last fact compared. */
    recoveryMs: integer('recovery_ms'),
    /** The newest verification. Not a foreign key: the two tables would point at each other. */
    lastVerificationId: uuid('last_verification_id'),
  },
  (table) => [
    // Ascending, because drizzle's desc() in an index says NULLS LAST, which no plain ORDER BY … DESC can use; read backwards.
    index('backups_created_at').on(table.createdAt, table.id),
    index('backups_source_created_at').on(table.sourceId, table.createdAt, table.id),
    index('backups_status_created_at').on(table.status, table.createdAt, table.id),
    index('backups_type_created_at').on(table.type, table.createdAt, table.id),
    index('backups_size').on(table.sizeBytes.asc().nullsFirst(), table.id),
    index('backups_duration').on(table.durationMs.asc().nullsFirst(), table.id),
    // A backup carries several tiers, so equality on `type` does not find them all: one partial pair a tier.
    ...TIERS.flatMap((tier) => [
      index(`backups_${tier.toLowerCase()}_created_at`)
        .on(table.createdAt, table.id)
        .where(sql.raw(`tiers @> array['${tier}'::backup_tier]`)),
      index(`backups_${tier.toLowerCase()}_status_created_at`)
        .on(table.status, table.createdAt, table.id)
        .where(sql.raw(`tiers @> array['${tier}'::backup_tier]`)),
    ]),
    index('backups_proof_created_at')
      .on(table.proof, table.createdAt, table.id)
      .where(sql`status = 'COMPLETED'`),
    index('backups_unfinished')
      .on(table.createdAt)
      .where(sql`status in ('IN_PROGRESS', 'EXPIRED')`),
  ],
);

export const totalsPeriod = pgEnum('totals_period', ['day', 'month']);

/**
 * How many backups, and bytes, there are for each UTC day and month by tiers, status and proof: kept by statement triggers on
 * `backups` (custom migration), so that a count over a million rows reads a few hundred. Rows are deltas: a key may
 * have several, and their sum is what counts, so that no writer ever waits for another.
 */
export const backupTotals = pgTable(
  'backup_totals',
  {
    period: totalsPeriod('period').notNull(),
    /** First day of the period. */
    startsOn: date('starts_on').notNull(),
    tiers: backupTier('tiers').array().notNull(),
    status: backupStatus('status').notNull(),
    backups: bigint('backups', { mode: 'number' }).notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    proof: proofState('proof').notNull(),
    sourceId: uuid('source_id').notNull(),
  },
  (table) => [index('backup_totals_key').on(table.period, table.startsOn, table.status)],
);

export const backupCopies = pgTable(
  'backup_copies',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    backupId: uuid('backup_id')
      .notNull()
      .references(() => backups.id),
    destination: destination('destination').notNull(),
    key: text('key').notNull(),
    /** WRITING is written before the first byte, so that a crash leaves a row that says what to sweep. */
    status: copyStatus('status').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    /** When size and SHA-256 were last read back. */
    checkedAt: timestamp('checked_at', { withTimezone: true }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('backup_copies_backup_destination').on(table.backupId, table.destination),
    // What a worker looks for every few seconds must not grow with the history.
    index('backup_copies_unsettled')
      .on(table.backupId)
      .where(sql`status in ('WRITING', 'FAILED')`),
    index('backup_copies_checked_at')
      .on(table.checkedAt)
      .where(sql`status = 'STORED'`),
  ],
);

/** The tables of each backup as its manifest tells of them: what a timeline over all backups reads. */
export const backupTables = pgTable(
  'backup_tables',
  {
    backupId: uuid('backup_id')
      .notNull()
      .references(() => backups.id),
    schema: text('schema').notNull(),
    name: text('name').notNull(),
    /** Null when that backup does not know. */
    rows: bigint('rows', { mode: 'number' }),
    fingerprint: text('fingerprint'),
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    /** When the backup was taken: here too, so that the index finds a table's newest row without reading all of them. */
    takenAt: timestamp('taken_at', { withTimezone: true }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.backupId, table.schema, table.name] }),
    index('backup_tables_name').on(table.name, table.schema, table.takenAt),
  ],
);

/** A due instant of a plan, taken once: the primary key makes a second worker lose. */
export const slots = pgTable(
  'slots',
  {
    plan: text('plan').notNull(),
    dueAt: timestamp('due_at', { withTimezone: true }).notNull(),
    takenAt: timestamp('taken_at', { withTimezone: true }).notNull().defaultNow(),
    /** Null when the slot was only noted (the first start of an installation) and nothing was due. */
    backupId: uuid('backup_id').references(() => backups.id),
  },
  (table) => [primaryKey({ columns: [table.plan, table.dueAt] })],
);
