import { eq, sql } from 'drizzle-orm';
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

/** True where a worker's row is fresh enough, by the catalogue's clock. */
export const isLiving = sql`${workers.heartbeatAt} > now() - make_interval(secs => ${sql.raw(String(WORKER_STALE_SECONDS))})`;

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
