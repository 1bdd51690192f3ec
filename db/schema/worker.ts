import { integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** One row a living worker process; removed at a clean stop, stale after WORKER_STALE_SECONDS. */
export const workers = pgTable('workers', {
  id: uuid('id').primaryKey(),
  hostname: text('hostname').notNull(),
  pid: integer('pid').notNull(),
  version: text('version').notNull(),
  startedAt: timestamp('started_at', { withTimezone: true }).notNull().defaultNow(),
  heartbeatAt: timestamp('heartbeat_at', { withTimezone: true }).notNull().defaultNow(),
});

/** A worker whose heartbeat is older than this, by the catalogue's clock, counts as dead. */
export const WORKER_STALE_SECONDS = 20;
