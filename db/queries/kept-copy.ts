import { desc, eq, isNotNull, or, sql } from 'drizzle-orm';
import type { DroppedCopy, KeptCopies, KeptCopyName } from '../../lib/contracts/kept-copy.ts';
import type { AppError } from '../../lib/core/errors.ts';
import type { Db, Tx } from '../client.ts';
import { keptCopyQuestions, restores } from '../schema/restore.ts';
import type { RestoreRecord } from './restore.ts';

/** More than anybody leaves lying about; the newest count. */
const LOOKED_AT = 1000;

export type KeptCopyQuestion = typeof keptCopyQuestions.$inferSelect;

/** Restores that may have left something, newest first. */
export async function restoresThatLeft(db: Db | Tx): Promise<readonly RestoreRecord[]> {
  return db
    .select()
    .from(restores)
    .where(
      or(
        isNotNull(restores.copyDatabase),
        isNotNull(restores.keptDatabase),
        sql`(${restores.mode} = 'tables' and ${restores.status} <> 'FAILED')`,
      ),
    )
    .orderBy(desc(restores.createdAt), desc(restores.id))
    .limit(LOOKED_AT);
}

/** What was left is gone: nothing of it can be undone. The caller holds the row. */
export async function noteDropped(tx: Tx, id: string, name: string): Promise<void> {
  await tx
    .update(restores)
    .set({ dropped: sql`${restores.dropped} || ${JSON.stringify([name])}::jsonb` })
    .where(eq(restores.id, id));
}

export async function insertKeptCopyQuestion(
  tx: Tx,
  values: { readonly wanted: KeptCopyName | null; readonly requestedBy: string },
): Promise<string> {
  const [row] = await tx.insert(keptCopyQuestions).values(values).returning({ id: keptCopyQuestions.id });
  if (row === undefined) throw new Error('insert returned no row');
  return row.id;
}

export async function findKeptCopyQuestion(db: Db, id: string): Promise<KeptCopyQuestion | null> {
  const [row] = await db.select().from(keptCopyQuestions).where(eq(keptCopyQuestions.id, id));
  return row ?? null;
}

export async function answerKeptCopyQuestion(
  db: Db,
  id: string,
  answer: KeptCopies | DroppedCopy | AppError,
): Promise<void> {
  await db
    .update(keptCopyQuestions)
    .set(
      answer instanceof Error
        ? { errorCode: answer.code, errorMessage: answer.message, errorHint: answer.hint ?? null }
        : { answer },
    )
    .where(eq(keptCopyQuestions.id, id));
}

export async function removeKeptCopyQuestion(db: Db, id: string): Promise<void> {
  await db.delete(keptCopyQuestions).where(eq(keptCopyQuestions.id, id));
}
