import { eq, sql } from 'drizzle-orm';
import type { DiscoveredDatabases, SourceProbeAnswer } from '../../lib/contracts/source.ts';
import type { AppError } from '../../lib/core/errors.ts';
import type { Db, Tx } from '../client.ts';
import { sourceQuestions } from '../schema/source.ts';

export type SourceQuestion = typeof sourceQuestions.$inferSelect;
export type NewSourceQuestion = Omit<
  SourceQuestion,
  'createdAt' | 'answer' | 'errorCode' | 'errorMessage' | 'errorHint'
>;

export async function insertSourceQuestion(tx: Tx, question: NewSourceQuestion): Promise<void> {
  await tx.insert(sourceQuestions).values(question);
}

export async function findSourceQuestion(db: Db, id: string): Promise<SourceQuestion | null> {
  const [row] = await db.select().from(sourceQuestions).where(eq(sourceQuestions.id, id));
  return row ?? null;
}

export async function answerSourceQuestion(
  db: Db,
  id: string,
  answer: SourceProbeAnswer | DiscoveredDatabases | AppError,
): Promise<void> {
  await db
    .update(sourceQuestions)
    .set(
      answer instanceof Error
        ? { errorCode: answer.code, errorMessage: answer.message, errorHint: answer.hint ?? null }
        : { answer },
    )
    .where(eq(sourceQuestions.id, id));
}

export async function removeSourceQuestion(db: Db, id: string): Promise<void> {
  await db.delete(sourceQuestions).where(eq(sourceQuestions.id, id));
}

/** Questions nobody waits for any more; each may hold a sealed password. */
export async function removeOldSourceQuestions(db: Db): Promise<void> {
  await db.delete(sourceQuestions).where(sql`${sourceQuestions.createdAt} < now() - interval '2 minutes'`);
}
