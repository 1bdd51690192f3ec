import { and, asc, count, eq, lt, sql } from 'drizzle-orm';
import type { Db, Tx } from '../client.ts';
import { signInFailures, users } from '../schema/user.ts';

export type UserRecord = typeof users.$inferSelect;

export async function findUserByEmail(db: Db | Tx, email: string): Promise<UserRecord | null> {
  const [row] = await db.select().from(users).where(eq(users.email, email.toLowerCase()));
  return row ?? null;
}

export async function findUser(db: Db | Tx, id: string): Promise<UserRecord | null> {
  const [row] = await db.select().from(users).where(eq(users.id, id));
  return row ?? null;
}

/** Locks the row until the transaction ends. */
export async function lockUser(tx: Tx, id: string): Promise<UserRecord | null> {
  const [row] = await tx.select().from(users).where(eq(users.id, id)).for('update');
  return row ?? null;
}

export async function listUsers(db: Db): Promise<UserRecord[]> {
  return db.select().from(users).orderBy(asc(users.email));
}

/** Throws a unique violation for a taken address. */
export async function insertUser(
  tx: Db | Tx,
  values: Pick<UserRecord, 'email' | 'role' | 'passwordHash'>,
): Promise<UserRecord> {
  const [row] = await tx
    .insert(users)
    .values({ ...values, email: values.email.toLowerCase() })
    .returning();
  if (!row) throw new Error('insert returned no row');
  return row;
}

/** Every change of role, state or password raises the epoch, which ends that user's sessions everywhere. */
export async function updateUser(
  tx: Tx,
  id: string,
  changes: Partial<Pick<UserRecord, 'role' | 'isDisabled' | 'passwordHash'>>,
): Promise<UserRecord | null> {
  const [row] = await tx
    .update(users)
    .set({ ...changes, sessionEpoch: sql`${users.sessionEpoch} + 1` })
    .where(eq(users.id, id))
    .returning();
  return row ?? null;
}

/** Two admins who demote each other at once must not both succeed: whoever counts admins holds this lock. */
export async function lockAdmins(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-admins'))`);
}

export async function countActiveAdmins(db: Db | Tx): Promise<number> {
  const [row] = await db
    .select({ n: count() })
    .from(users)
    .where(and(eq(users.role, 'admin'), eq(users.isDisabled, false)));
  return row?.n ?? 0;
}

export async function markSignedIn(tx: Tx, id: string): Promise<void> {
  await tx
    .update(users)
    .set({ lastSignInAt: sql`now()` })
    .where(eq(users.id, id));
}

export interface ThrottleLimit {
  /** `account:<email>` or `address:<ip>`. */
  readonly key: string;
  readonly limit: number;
}

/**
 * Books one attempt under every key before the password is looked at, unless a key is already full: then nothing is booked
 * and the answer is the seconds until its oldest attempt leaves the window. Booking first, under a lock per key, is what
 * keeps a hundred attempts at once from all being counted as the first.
 */
export async function bookSignInAttempt(
  tx: Tx,
  limits: readonly ThrottleLimit[],
  windowSeconds: number,
): Promise<{ readonly attemptIds: readonly string[] } | { readonly retryAfterSeconds: number }> {
  // In one order, or two attempts could wait for each other.
  const ordered = [...limits].sort((a, b) => (a.key < b.key ? -1 : 1));
  let retryAfterSeconds = 0;
  for (const { key, limit } of ordered) {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`sign-in ${key}`}, 0))`);
    const rows = await tx.execute<{ n: number; wait: number | null }>(sql`
      select count(*)::int as n,
             ceil(extract(epoch from min(at) + make_interval(secs => ${windowSeconds}) - clock_timestamp()))::int as wait
        from (select at from ${signInFailures}
               where key = ${key} and at > clock_timestamp() - make_interval(secs => ${windowSeconds})
               order by at desc limit ${limit}) recent`);
    const row = rows[0];
    if (row && row.n >= limit) retryAfterSeconds = Math.max(retryAfterSeconds, row.wait ?? 1, 1);
  }
  if (retryAfterSeconds > 0) return { retryAfterSeconds };
  const booked = await tx
    .insert(signInFailures)
    .values(ordered.map(({ key }) => ({ key })))
    .returning({ id: signInFailures.id });
  return { attemptIds: booked.map(({ id }) => id) };
}

/** The password was right: these attempts were no failures, and the account starts anew. */
export async function forgetSignInAttempts(
  tx: Tx,
  attemptIds: readonly string[],
  accountKey: string,
): Promise<void> {
  for (const id of attemptIds) await tx.delete(signInFailures).where(eq(signInFailures.id, id));
  await tx.delete(signInFailures).where(eq(signInFailures.key, accountKey));
}

export async function sweepSignInFailures(db: Db | Tx): Promise<void> {
  await db.delete(signInFailures).where(lt(signInFailures.at, sql`now() - interval '1 day'`));
}
