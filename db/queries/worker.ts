import { eq, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Db, Tx } from '../client.ts';
import { WORKER_STALE_SECONDS, workers } from '../schema/worker.ts';

export interface LivingWorker {
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
}

const stale = sql.raw(`make_interval(secs => ${String(WORKER_STALE_SECONDS)})`);

/** True where a worker's row is fresh enough, by the catalogue's clock. */
export const isLiving = sql`${workers.heartbeatAt} > now() - ${stale}`;

/**
 * True where a run's worker died: it has no fresh row, and neither has the run. Runs of `ownId`, this process, need only
 * be silent themselves. While the catalogue itself has only just come back nobody is judged, because everybody was silent.
 */
export const isOfDeadWorker = (
  run: Readonly<Record<'workerId' | 'heartbeatAt' | 'createdAt', AnyPgColumn>>,
  ownId: string,
): SQL => sql`(${run.workerId} is not null
  and coalesce(${run.heartbeatAt}, ${run.createdAt}) < now() - ${stale}
  and pg_postmaster_start_time() < now() - ${stale}
  and (${run.workerId} = ${ownId} or not exists (
    select 1 from ${workers} where ${workers.id} = ${run.workerId} and ${isLiving})))`;

/** The workers with a fresh heartbeat, oldest first. */
export async function livingWorkers(db: Db | Tx): Promise<readonly LivingWorker[]> {
  return db.select().from(workers).where(isLiving).orderBy(workers.startedAt);
}

/** A sign of life: adds the row or brings its heartbeat to now, by the catalogue's clock. */
export async function beatWorker(
  db: Db | Tx,
  worker: { readonly id: string; readonly hostname: string; readonly pid: number; readonly version: string },
): Promise<void> {
  await db
    .insert(workers)
    .values(worker)
    .onConflictDoUpdate({ target: workers.id, set: { heartbeatAt: sql`now()` } });
}

/** At a clean stop. */
export async function removeWorker(db: Db | Tx, id: string): Promise<void> {
  await db.delete(workers).where(eq(workers.id, id));
}

/** Rows of workers that died without a word an hour ago or more: nobody asks after them any more. */
export async function removeDeadWorkers(db: Db | Tx): Promise<void> {
  await db.delete(workers).where(sql`${workers.heartbeatAt} < now() - interval '1 hour'`);
}
