import { and, desc, eq, isNull, ne, notExists, or, gt, lt, sql } from 'drizzle-orm';
import type { Db, Tx } from '../client.ts';
import { apiTokens } from '../schema/token.ts';
import { users } from '../schema/user.ts';

export type TokenRecord = typeof apiTokens.$inferSelect;

/**
 * Neither revoked nor expired, by the catalogue's clock; and whoever made it, if a person, is still an enabled
 * administrator: somebody who was shown the door must not keep a key.
 */
export async function findLivingToken(db: Db, tokenHash: string): Promise<TokenRecord | null> {
  const [row] = await db
    .select()
    .from(apiTokens)
    .where(
      and(
        eq(apiTokens.tokenHash, tokenHash),
        isNull(apiTokens.revokedAt),
        or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now()`)),
        notExists(
          db
            .select({ id: users.id })
            .from(users)
            .where(
              and(
                eq(users.email, apiTokens.createdBy),
                or(eq(users.isDisabled, true), ne(users.role, 'admin')),
              ),
            ),
        ),
      ),
    );
  return row ?? null;
}

/** At most once a minute, so that a busy token is not a write on every request. */
export async function touchToken(db: Db, id: string): Promise<void> {
  await db
    .update(apiTokens)
    .set({ lastUsedAt: sql`now()` })
    .where(
      and(
        eq(apiTokens.id, id),
        or(isNull(apiTokens.lastUsedAt), lt(apiTokens.lastUsedAt, sql`now() - interval '1 minute'`)),
      ),
    );
}

export async function listTokens(db: Db): Promise<TokenRecord[]> {
  return db.select().from(apiTokens).orderBy(desc(apiTokens.createdAt), desc(apiTokens.id));
}

export async function insertToken(
  tx: Tx,
  values: Pick<TokenRecord, 'name' | 'role' | 'tokenHash' | 'hint' | 'createdBy'> & {
    readonly expiresInDays: number | null;
  },
): Promise<TokenRecord> {
  const { expiresInDays, ...rest } = values;
  const [row] = await tx
    .insert(apiTokens)
    .values({
      ...rest,
      expiresAt: expiresInDays === null ? null : sql`now() + make_interval(days => ${expiresInDays})`,
    })
    .returning();
  if (!row) throw new Error('insert returned no row');
  return row;
}

export async function lockToken(tx: Tx, id: string): Promise<TokenRecord | null> {
  const [row] = await tx.select().from(apiTokens).where(eq(apiTokens.id, id)).for('update');
  return row ?? null;
}

export async function markTokenRevoked(tx: Tx, id: string): Promise<TokenRecord | null> {
  const [row] = await tx
    .update(apiTokens)
    .set({ revokedAt: sql`coalesce(revoked_at, now())` })
    .where(eq(apiTokens.id, id))
    .returning();
  return row ?? null;
}
