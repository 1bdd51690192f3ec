import { sql } from 'drizzle-orm';
import { boolean, integer, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type {
  DiscoveredDatabases,
  SourceProbeAnswer,
  SourceRetention,
  SourceSchedule,
  SSL_MODES,
} from '../../lib/contracts/source.ts';
import type { SourceKind } from '../../lib/core/source-kind.ts';
import type { VerificationPolicy } from '../../lib/contracts/verification.ts';
import { environmentKind } from './environment-kind.ts';

/** What is protected. The environment's own source has the id of contracts/source.ts and no address: its configuration is read at each start. */
export const sources = pgTable(
  'sources',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    kind: text('kind').$type<SourceKind>().notNull().default('postgres'),
    name: text('name').notNull(),
    host: text('host'),
    port: integer('port'),
    user: text('user'),
    database: text('database'),
    sslMode: text('ssl_mode').$type<(typeof SSL_MODES)[number]>(),
    /** Sealed under a key that is not in the catalogue (lib/platform/seal.ts); null without a password. */
    sealedPassword: text('sealed_password'),
    /** Of `files` and `sqlite`. */
    path: text('path'),
    /** Of `files`: null takes everything below the path. */
    only: jsonb('only').$type<string[]>(),
    excludes: jsonb('excludes').$type<string[]>(),
    isEnabled: boolean('is_enabled').notNull().default(true),
    environment: environmentKind('environment'),
    filePrefix: text('file_prefix'),
    schedule: jsonb('schedule').$type<SourceSchedule>(),
    retention: jsonb('retention').$type<SourceRetention>(),
    verification: jsonb('verification').$type<VerificationPolicy>(),
    lastProbe: jsonb('last_probe').$type<SourceProbeAnswer>(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('sources_name').on(sql`lower(${table.name})`),
    uniqueIndex('sources_file_prefix').on(table.filePrefix),
  ],
);

/** A question to a worker, answered within seconds: the web process opens no source. The row goes once its answer is read. */
export const sourceQuestions = pgTable('source_questions', {
  id: uuid('id').primaryKey().defaultRandom(),
  kind: text('kind').$type<'probe' | 'discover'>().notNull(),
  sourceKind: text('source_kind').$type<SourceKind>().notNull().default('postgres'),
  host: text('host'),
  port: integer('port'),
  user: text('user'),
  database: text('database'),
  sslMode: text('ssl_mode').$type<(typeof SSL_MODES)[number]>(),
  sealedPassword: text('sealed_password'),
  path: text('path'),
  only: jsonb('only').$type<string[]>(),
  excludes: jsonb('excludes').$type<string[]>(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  answer: jsonb('answer').$type<SourceProbeAnswer | DiscoveredDatabases>(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  errorHint: text('error_hint'),
});
