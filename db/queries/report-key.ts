import { desc, sql } from 'drizzle-orm';
import type { Db, Tx } from '../client.ts';
import { reportKeys } from '../schema/drill.ts';

export type ReportKeyRecord = typeof reportKeys.$inferSelect;

/** Held to the end of the transaction: two workers that find no key must not both make one. */
export async function lockReportKeys(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-report-key'))`);
}

/** Newest first. */
export async function findReportKeys(db: Db | Tx): Promise<readonly ReportKeyRecord[]> {
  return db.select().from(reportKeys).orderBy(desc(reportKeys.createdAt), desc(reportKeys.id));
}

export async function insertReportKey(
  tx: Tx,
  values: Pick<ReportKeyRecord, 'id' | 'publicKey' | 'sealedPrivateKey'>,
): Promise<void> {
  await tx.insert(reportKeys).values(values);
}
