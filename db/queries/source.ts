import { asc, eq, sql } from 'drizzle-orm';
import { ENVIRONMENT_SOURCE_ID } from '../../lib/contracts/source.ts';
import type { Db, Tx } from '../client.ts';
import { sources } from '../schema/source.ts';

export type SourceRecord = typeof sources.$inferSelect;

export async function findSource(db: Db | Tx, id: string): Promise<SourceRecord | null> {
  const [row] = await db.select().from(sources).where(eq(sources.id, id));
  return row ?? null;
}

/** The environment's first, then by name. */
export async function findSources(db: Db | Tx): Promise<readonly SourceRecord[]> {
  return db
    .select()
    .from(sources)
    .orderBy(sql`${sources.id} <> ${ENVIRONMENT_SOURCE_ID}`, asc(sql`lower(${sources.name})`));
}
