import { and, desc, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { PlannedBackup, PlannedCopy, VerificationState } from '../../lib/core/verification-plan.ts';
import type { Tx } from '../client.ts';
import { backupCopies, backups } from '../schema/backup.ts';
import { verifications } from '../schema/verification.ts';
import { isWhole } from './backup.ts';

/** Held to the end of the transaction: workers that plan at once look one after the other, and none adds what another did. */
export async function lockVerificationPlan(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-verification-plan'))`);
}

const hasVerdict = inArray(verifications.status, ['PASSED', 'FAILED']);

async function newestWhole(tx: Tx, sourceId: string, condition?: SQL): Promise<PlannedBackup | null> {
  const [row] = await tx
    .select({
      id: backups.id,
      takenAt: backups.createdAt,
      plainBytes: backups.plainSizeBytes,
      destinations: backups.destinations,
    })
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, 'COMPLETED'), isWhole, condition))
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(1);
  if (row === undefined) return null;
  const { id, takenAt, plainBytes, destinations } = row;
  const stored = await tx
    .select({ destination: backupCopies.destination })
    .from(backupCopies)
    .where(and(eq(backupCopies.backupId, id), eq(backupCopies.status, 'STORED')));
  const [judged] = await tx
    .select({ at: verifications.createdAt })
    .from(verifications)
    .where(and(eq(verifications.backupId, id), eq(verifications.depth, 'restore'), hasVerdict))
    .orderBy(desc(verifications.createdAt))
    .limit(1);
  return {
    id,
    takenAt,
    plainBytes,
    destination: destinations.find((wanted) => stored.some((copy) => copy.destination === wanted)) ?? null,
    judgedAt: judged?.at ?? null,
  };
}

async function newestVerificationAt(
  tx: Tx,
  sourceId: string,
  condition: SQL | undefined,
): Promise<Date | null> {
  const [row] = await tx
    .select({ at: verifications.createdAt })
    .from(verifications)
    .innerJoin(backups, eq(backups.id, verifications.backupId))
    .where(and(eq(backups.sourceId, sourceId), condition))
    .orderBy(desc(verifications.createdAt))
    .limit(1);
  return row?.at ?? null;
}

async function storedCopies(tx: Tx, sourceId: string): Promise<PlannedCopy[]> {
  const rows = await tx.execute<{
    backup_id: string;
    destination: PlannedCopy['destination'];
    read_ms: string;
  }>(sql`
    select c.backup_id, c.destination,
           (extract(epoch from greatest(coalesce(c.checked_at, c.created_at), (
             select max(v.finished_at) from verifications v
              where v.backup_id = c.backup_id and v.destination = c.destination and v.status in ('PASSED', 'FAILED')
           ))) * 1000)::bigint::text as read_ms
      from backup_copies c join backups b on b.id = c.backup_id
     where c.status = 'STORED' and b.status = 'COMPLETED' and b.source_id = ${sourceId}`);
  return [...rows].map((row) => ({
    backupId: row.backup_id,
    destination: row.destination,
    readAt: new Date(Number(row.read_ms)),
  }));
}

/** Every source, the one first for which a verification was asked least recently without a person. */
export async function sourcesByLastVerification(tx: Tx): Promise<readonly string[]> {
  const rows = await tx.execute<{ id: string }>(sql`
    select s.id from sources s
     order by (select v.created_at from verifications v join backups b on b.id = v.backup_id
                where b.source_id = s.id and v.cause <> 'manual' order by v.created_at desc limit 1) nulls first, s.id`);
  return [...rows].map(({ id }) => id);
}

/** What the plan of a source is made from, as the catalogue has it now; `unfinished` is of all of them. */
export async function readVerificationState(tx: Tx, sourceId: string): Promise<VerificationState> {
  const unfinished = await tx
    .select({ backupId: verifications.backupId })
    .from(verifications)
    .where(eq(verifications.status, 'IN_PROGRESS'));
  const unknowns = await tx
    .select({
      backupId: verifications.backupId,
      destination: verifications.destination,
      cause: verifications.cause,
      endedAt: sql<Date>`${verifications.finishedAt}`.mapWith(verifications.createdAt),
    })
    .from(verifications)
    .where(
      and(
        eq(verifications.status, 'UNKNOWN'),
        // One may have waited for long before it ended.
        sql`${verifications.createdAt} > now() - interval '8 days'`,
        sql`${verifications.finishedAt} > now() - interval '1 day'`,
      ),
    );
  return {
    newestWhole: await newestWhole(tx, sourceId),
    newestMonthly: await newestWhole(tx, sourceId, sql`${backups.tiers} @> array['MONTHLY'::backup_tier]`),
    copies: await storedCopies(tx, sourceId),
    lastJudgedAt: await newestVerificationAt(
      tx,
      sourceId,
      and(eq(verifications.depth, 'restore'), hasVerdict),
    ),
    lastScrubAt: await newestVerificationAt(tx, sourceId, eq(verifications.cause, 'scrub')),
    unknowns,
    unfinished: unfinished.map(({ backupId }) => backupId),
  };
}
