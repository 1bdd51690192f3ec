import { jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { LogReading } from '../../lib/contracts/log.ts';
import { sources } from './source.ts';

/** What a worker last saw of a server's kept write-ahead log: one row a source that keeps one. */
export const logReadings = pgTable('log_readings', {
  sourceId: uuid('source_id')
    .primaryKey()
    .references(() => sources.id),
  readAt: timestamp('read_at', { withTimezone: true }).notNull().defaultNow(),
  /** Null where it could not be read. */
  reading: jsonb('reading').$type<LogReading>(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  errorHint: text('error_hint'),
});
