import { eq, sql } from 'drizzle-orm';
import type { LogReading } from '../../lib/contracts/log.ts';
import type { AppError } from '../../lib/core/errors.ts';
import type { Db, Tx } from '../client.ts';
import { logReadings } from '../schema/log.ts';

export type LogReadingRecord = typeof logReadings.$inferSelect;

/** In the place of what was seen before. */
export async function saveLogReading(db: Db, sourceId: string, seen: LogReading | AppError): Promise<void> {
  const values =
    seen instanceof Error
      ? { reading: null, errorCode: seen.code, errorMessage: seen.message, errorHint: seen.hint ?? null }
      : { reading: seen, errorCode: null, errorMessage: null, errorHint: null };
  await db
    .insert(logReadings)
    .values({ sourceId, ...values })
    .onConflictDoUpdate({ target: logReadings.sourceId, set: { readAt: sql`now()`, ...values } });
}

/** Null before a worker looked for the first time. */
export async function findLogReading(db: Db | Tx, sourceId: string): Promise<LogReadingRecord | null> {
  const [row] = await db.select().from(logReadings).where(eq(logReadings.sourceId, sourceId));
  return row ?? null;
}
