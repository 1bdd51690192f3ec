import { pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { userRole } from './user.ts';

export const apiTokens = pgTable('api_tokens', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull(),
  role: userRole('role').notNull(),
  /** SHA-256 (hex) of the token; 256 random bits need no slow hash. */
  tokenHash: text('token_hash').notNull().unique(),
  hint: text('hint').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  expiresAt: timestamp('expires_at', { withTimezone: true }),
  lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
  revokedAt: timestamp('revoked_at', { withTimezone: true }),
});
