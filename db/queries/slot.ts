import { and, eq, inArray, lte, max, sql } from 'drizzle-orm';
import { ENVIRONMENT_SOURCE_ID } from '../../lib/contracts/source.ts';
import type { Db, Tx } from '../client.ts';
import { backups, slots } from '../schema/backup.ts';

/** What the names of a source's plans begin with. The environment's are as they were before there were others. */
export const planPrefixOf = (sourceId: string): string =>
  sourceId === ENVIRONMENT_SOURCE_ID ? 'database ' : `source ${sourceId} `;

const isPlanOf = (sourceId: string) => sql`starts_with(${slots.plan}, ${planPrefixOf(sourceId)})`;

/** Held to the end of the transaction: workers that tick at once look at the slots one after the other. */
export async function lockSlots(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-slots'))`);
}

/**
 * The instant up to which slots of a source are settled. Null when this plan has none yet: an installation, a source or a
 * schedule that starts now. A plan that comes back after another had its place goes on from where the other one stopped. Slots after
 * `now` do not count: a clock that was wrong for a minute must not stop the schedule for years.
 */
export async function settledUntil(tx: Tx, sourceId: string, plan: string, now: Date): Promise<Date | null> {
  const rows = await tx
    .select({ plan: slots.plan, dueAt: sql<Date>`max(${slots.dueAt})`.mapWith(slots.dueAt) })
    .from(slots)
    .where(and(lte(slots.dueAt, now), isPlanOf(sourceId)))
    .groupBy(slots.plan);
  if (!rows.some((row) => row.plan === plan)) return null;
  return new Date(Math.max(...rows.map(({ dueAt }) => dueAt.getTime())));
}

/** Takes the slot; false when it was taken already. */
export async function takeSlot(tx: Tx, plan: string, dueAt: Date): Promise<boolean> {
  const rows = await tx.insert(slots).values({ plan, dueAt }).onConflictDoNothing().returning();
  return rows.length === 1;
}

export async function giveSlotBackup(tx: Tx, plan: string, dueAt: Date, backupId: string): Promise<void> {
  await tx
    .update(slots)
    .set({ backupId })
    .where(and(eq(slots.plan, plan), eq(slots.dueAt, dueAt)));
}

/** The backup of an earlier slot of this source that is still queued or running. */
export async function unfinishedScheduledBackup(tx: Tx, sourceId: string): Promise<string | null> {
  const rows = await tx
    .select({ id: backups.id })
    .from(backups)
    .where(
      and(
        eq(backups.status, 'IN_PROGRESS'),
        eq(backups.sourceId, sourceId),
        inArray(backups.id, tx.select({ id: sql<string>`${slots.backupId}` }).from(slots)),
      ),
    )
    .limit(1);
  return rows[0]?.id ?? null;
}

/** The newest due instant, not after now, that a worker settled, of any plan of this source; null when none has looked at its schedule yet. */
export async function newestSettledDueAt(
  db: Db,
  sourceId: string = ENVIRONMENT_SOURCE_ID,
): Promise<Date | null> {
  const [row] = await db
    .select({ dueAt: max(slots.dueAt) })
    .from(slots)
    .where(and(lte(slots.dueAt, sql`now()`), isPlanOf(sourceId)));
  return row?.dueAt ?? null;
}
