import { sql } from 'drizzle-orm';
import { index, jsonb, pgEnum, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type { RunError } from '../../lib/contracts/backup.ts';
import {
  DRILL_CAUSES,
  DRILL_STATUSES,
  type DrillBackup,
  type DrillMeasured,
  type DrillObjectives,
  type DrillReport,
  type DrillStep,
  type DrillVerdicts,
} from '../../lib/contracts/drill.ts';
import { sources } from './source.ts';
import { scratchPlace, verifications } from './verification.ts';

export const drillStatus = pgEnum('drill_status', DRILL_STATUSES);
export const drillCause = pgEnum('drill_cause', DRILL_CAUSES);

/** Every rehearsed recovery. The row holds all that its report tells, and outlives backup and verification. */
export const drills = pgTable(
  'drills',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    sourceId: uuid('source_id')
      .notNull()
      .references(() => sources.id),
    cause: drillCause('cause').notNull(),
    /** The scheduled instant it answers; null for a person's. */
    dueAt: timestamp('due_at', { withTimezone: true }),
    /** Who asked: the actor's name; null for the schedule. */
    requestedBy: text('requested_by'),
    note: text('note'),
    status: drillStatus('status').notNull().default('IN_PROGRESS'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    startedAt: timestamp('started_at', { withTimezone: true }),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
    /** As the settings were when it began. */
    objectives: jsonb('objectives').$type<DrillObjectives>().notNull(),
    /** What it comes back from, as it was then; null where there is nothing. */
    backup: jsonb('backup').$type<DrillBackup>(),
    verificationId: uuid('verification_id').references(() => verifications.id, { onDelete: 'set null' }),
    place: scratchPlace('place'),
    measured: jsonb('measured').$type<DrillMeasured>(),
    verdicts: jsonb('verdicts').$type<DrillVerdicts>(),
    steps: jsonb('steps').$type<DrillStep[]>().notNull().default([]),
    checks: jsonb('checks')
      .$type<DrillReport['checks']>()
      .notNull()
      .default({ passed: 0, failed: 0, unknown: 0 }),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    errorHint: text('error_hint'),
    /** The exact text that is signed and downloaded; null while IN_PROGRESS. */
    report: text('report'),
    reportSha256: text('report_sha256'),
    /** Base64 of 64 bytes; null while it is not signed. */
    signature: text('signature'),
    /** The key that signed it, PEM: a later key must not make this report unreadable. */
    publicKey: text('public_key'),
    /** Why it is not signed. */
    signatureError: jsonb('signature_error').$type<RunError>(),
  },
  (table) => [
    index('drills_created_at').on(table.createdAt, table.id),
    index('drills_source_created_at').on(table.sourceId, table.createdAt, table.id),
    // Of two that begin at once the second is refused.
    uniqueIndex('drills_in_progress')
      .on(table.sourceId)
      .where(sql`status = 'IN_PROGRESS'`),
    // A due instant is taken once; one that stayed UNKNOWN may be tried again.
    uniqueIndex('drills_due')
      .on(table.sourceId, table.dueAt)
      .where(sql`status <> 'UNKNOWN'`),
    index('drills_verification').on(table.verificationId),
  ],
);

/** What signs reports. The newest that HOLDFAST_SECRET opens is used; older ones stay, because they signed. */
export const reportKeys = pgTable('report_keys', {
  id: uuid('id').primaryKey(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  publicKey: text('public_key').notNull(),
  /** Sealed under a key that is not in the catalogue (lib/platform/seal.ts). */
  sealedPrivateKey: text('sealed_private_key').notNull(),
});
