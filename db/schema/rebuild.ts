import { boolean, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { RebuildResult } from '../../lib/contracts/rebuild.ts';

/** A wish to record what lies at the destinations and the history does not have. Safe to begin again at any point. */
export const rebuilds = pgTable('rebuilds', {
  id: uuid('id').primaryKey().defaultRandom(),
  isDryRun: boolean('is_dry_run').notNull(),
  requestedBy: text('requested_by').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  /** Manifests met and backups recorded so far. */
  archives: integer('archives').notNull().default(0),
  recorded: integer('recorded').notNull().default(0),
  result: jsonb('result').$type<RebuildResult>(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  errorHint: text('error_hint'),
});
