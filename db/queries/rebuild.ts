import { and, eq, isNull, sql } from 'drizzle-orm';
import type { RebuildResult } from '../../lib/contracts/rebuild.ts';
import type { AppError } from '../../lib/core/errors.ts';
import type { Db, Tx } from '../client.ts';
import { rebuilds } from '../schema/rebuild.ts';

export type RebuildRecord = typeof rebuilds.$inferSelect;

export async function insertRebuild(
  tx: Tx,
  values: { readonly isDryRun: boolean; readonly requestedBy: string },
): Promise<string> {
  const [row] = await tx.insert(rebuilds).values(values).returning({ id: rebuilds.id });
  if (row === undefined) throw new Error('insert returned no row');
  return row.id;
}

export async function findRebuild(db: Db | Tx, id: string): Promise<RebuildRecord | null> {
  const [row] = await db.select().from(rebuilds).where(eq(rebuilds.id, id));
  return row ?? null;
}

const unended = (id: string) => and(eq(rebuilds.id, id), isNull(rebuilds.result), isNull(rebuilds.errorCode));

export async function noteRebuildProgress(
  db: Db,
  id: string,
  progress: { readonly archives: number; readonly recorded: number },
): Promise<void> {
  await db.update(rebuilds).set(progress).where(unended(id));
}

export async function endRebuild(db: Db, id: string, outcome: RebuildResult | AppError): Promise<void> {
  await db
    .update(rebuilds)
    .set(
      outcome instanceof Error
        ? { errorCode: outcome.code, errorMessage: outcome.message, errorHint: outcome.hint ?? null }
        : { result: outcome },
    )
    .where(unended(id));
}

/** Nobody asks for these any more; the audit log tells what was recorded. */
export async function removeOldRebuilds(db: Db): Promise<void> {
  await db.delete(rebuilds).where(sql`${rebuilds.createdAt} < now() - interval '7 days'`);
}
