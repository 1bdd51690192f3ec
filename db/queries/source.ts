import { and, asc, eq, ne, sql, type SQL } from 'drizzle-orm';
import { ENVIRONMENT_SOURCE_ID, type SourceProbeAnswer } from '../../lib/contracts/source.ts';
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

/** Held to the end of the transaction: of two that choose one name or prefix, the second sees the first. */
export async function lockSources(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-sources'))`);
}

export async function insertSource(tx: Tx, values: typeof sources.$inferInsert): Promise<void> {
  await tx.insert(sources).values(values);
}

/** The environment's own is called by its database, unless another source has that name. */
export async function nameEnvironmentSource(db: Db, database: string): Promise<void> {
  await db
    .update(sources)
    .set({ name: database })
    .where(
      and(
        eq(sources.id, ENVIRONMENT_SOURCE_ID),
        ne(sources.name, database),
        sql`not exists (select from sources s where s.id <> ${ENVIRONMENT_SOURCE_ID} and lower(s.name) = lower(${database}))`,
      ),
    );
}

export async function updateSource(
  tx: Tx,
  id: string,
  changes: Partial<typeof sources.$inferInsert>,
): Promise<void> {
  await tx
    .update(sources)
    .set({ ...changes, updatedAt: sql`clock_timestamp()` })
    .where(eq(sources.id, id));
}

/** What a worker found, unless the source has been changed since it was asked. */
export async function keepProbe(
  db: Db,
  { id, updatedAt }: Pick<SourceRecord, 'id' | 'updatedAt'>,
  lastProbe: SourceProbeAnswer,
): Promise<void> {
  await db
    .update(sources)
    .set({ lastProbe })
    // A JavaScript date has no microseconds.
    .where(
      and(
        eq(sources.id, id),
        sql`date_trunc('milliseconds', ${sources.updatedAt}) = ${updatedAt.toISOString()}`,
      ),
    );
}

export interface NewestBackups {
  readonly completedAt: Date | null;
  readonly provenAt: Date | null;
}

/** By source: when its newest backup of everything was taken whose proof has not failed, and the newest that is proven. */
export async function newestBackupsOfSources(db: Db | Tx): Promise<ReadonlyMap<string, NewestBackups>> {
  const newest = (condition: SQL) => sql`(
    select (extract(epoch from b.created_at) * 1000)::bigint::text from backups b
     where b.source_id = s.id and b.status = 'COMPLETED' and b.tables is null and not b.schema_only and ${condition}
     order by b.created_at desc limit 1)`;
  const rows = await db.execute<{ id: string; completed: string | null; proven: string | null }>(sql`
    select s.id, ${newest(sql`b.proof <> 'FAILED'`)} as completed, ${newest(sql`b.proof = 'PROVEN'`)} as proven
      from sources s`);
  const at = (ms: string | null): Date | null => (ms === null ? null : new Date(Number(ms)));
  return new Map(
    [...rows].map(({ id, completed, proven }) => [id, { completedAt: at(completed), provenAt: at(proven) }]),
  );
}
