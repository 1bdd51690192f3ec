import { eq, sql } from 'drizzle-orm';
import type { RestoreLook, RestorePlan, RestorePreview } from '../../lib/contracts/restore.ts';
import type { AppError } from '../../lib/core/errors.ts';
import type { Db, Tx } from '../client.ts';
import { keptCopyQuestions, restoreLooks, restorePreviews } from '../schema/restore.ts';

export type PreviewRecord = typeof restorePreviews.$inferSelect;
export type LookRecord = typeof restoreLooks.$inferSelect;

export async function insertPreview(
  tx: Tx,
  values: { readonly backupId: string; readonly plan: RestorePlan; readonly requestedBy: string },
): Promise<string> {
  const [row] = await tx.insert(restorePreviews).values(values).returning({ id: restorePreviews.id });
  if (row === undefined) throw new Error('insert returned no row');
  return row.id;
}

export async function findPreview(db: Db, id: string): Promise<PreviewRecord | null> {
  const [row] = await db.select().from(restorePreviews).where(eq(restorePreviews.id, id));
  return row ?? null;
}

const errorColumns = ({ code, message, hint }: AppError) => ({
  errorCode: code,
  errorMessage: message,
  errorHint: hint ?? null,
});

export async function answerPreview(db: Db, id: string, answer: RestorePreview | AppError): Promise<void> {
  await db
    .update(restorePreviews)
    .set(answer instanceof Error ? errorColumns(answer) : { answer })
    .where(eq(restorePreviews.id, id));
}

export async function insertLook(
  tx: Tx,
  values: {
    readonly restoreId: string;
    readonly tableSchema: string | null;
    readonly tableName: string | null;
  },
): Promise<string> {
  const [row] = await tx.insert(restoreLooks).values(values).returning({ id: restoreLooks.id });
  if (row === undefined) throw new Error('insert returned no row');
  return row.id;
}

export async function findLook(db: Db, id: string): Promise<LookRecord | null> {
  const [row] = await db.select().from(restoreLooks).where(eq(restoreLooks.id, id));
  return row ?? null;
}

export async function answerLook(db: Db, id: string, answer: RestoreLook | AppError): Promise<void> {
  await db
    .update(restoreLooks)
    .set(answer instanceof Error ? errorColumns(answer) : { answer })
    .where(eq(restoreLooks.id, id));
}

export async function removeLook(db: Db, id: string): Promise<void> {
  await db.delete(restoreLooks).where(eq(restoreLooks.id, id));
}

/** Questions nobody waits for any more; what a look answered holds rows of the application and goes soon. */
export async function removeOldQuestions(db: Db): Promise<void> {
  await db.delete(restorePreviews).where(sql`${restorePreviews.createdAt} < now() - interval '1 day'`);
  await db.delete(restoreLooks).where(sql`${restoreLooks.createdAt} < now() - interval '2 minutes'`);
  await db.delete(keptCopyQuestions).where(sql`${keptCopyQuestions.createdAt} < now() - interval '1 day'`);
}
