import { and, asc, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Db, Tx } from '../client.ts';
import { incidents, incidentTicks } from '../schema/incident.ts';
import { users } from '../schema/user.ts';

export type IncidentRecord = typeof incidents.$inferSelect & {
  readonly ticks: readonly (typeof incidentTicks.$inferSelect)[];
};

/** Null where this scenario is being worked through already. */
export async function insertIncident(tx: Tx, scenario: string, by: string): Promise<string | null> {
  const [row] = await tx
    .insert(incidents)
    .values({ scenario, startedBy: by })
    .onConflictDoNothing()
    .returning({ id: incidents.id });
  return row?.id ?? null;
}

/** Holds the row, so that nothing is ticked while it is being finished. */
export async function lockIncident(tx: Tx, id: string): Promise<typeof incidents.$inferSelect | null> {
  const [row] = await tx.select().from(incidents).where(eq(incidents.id, id)).for('update');
  return row ?? null;
}

/** False where somebody ticked it before: their name and instant stay. */
export async function insertTick(tx: Tx, incidentId: string, stepId: string, by: string): Promise<boolean> {
  const rows = await tx
    .insert(incidentTicks)
    .values({ incidentId, stepId, by })
    .onConflictDoNothing()
    .returning({ stepId: incidentTicks.stepId });
  return rows.length > 0;
}

/** False where it was not ticked. */
export async function deleteTick(tx: Tx, incidentId: string, stepId: string): Promise<boolean> {
  const rows = await tx
    .delete(incidentTicks)
    .where(and(eq(incidentTicks.incidentId, incidentId), eq(incidentTicks.stepId, stepId)))
    .returning({ stepId: incidentTicks.stepId });
  return rows.length > 0;
}

export async function finishIncident(tx: Tx, id: string, by: string): Promise<void> {
  await tx
    .update(incidents)
    .set({ finishedAt: sql`now()`, finishedBy: by })
    .where(and(eq(incidents.id, id), isNull(incidents.finishedAt)));
}

async function withTicks(
  db: Db,
  rows: readonly (typeof incidents.$inferSelect)[],
): Promise<readonly IncidentRecord[]> {
  const ids = rows.map(({ id }) => id);
  const ticks =
    ids.length === 0
      ? []
      : await db
          .select()
          .from(incidentTicks)
          .where(inArray(incidentTicks.incidentId, ids))
          .orderBy(asc(incidentTicks.at), asc(incidentTicks.stepId));
  return rows.map((row) => ({ ...row, ticks: ticks.filter(({ incidentId }) => incidentId === row.id) }));
}

export async function findIncident(db: Db, id: string): Promise<IncidentRecord | null> {
  const rows = await db.select().from(incidents).where(eq(incidents.id, id));
  return (await withTicks(db, rows))[0] ?? null;
}

/** Unfinished ones first, then the newest. */
export async function listIncidents(db: Db, limit: number): Promise<readonly IncidentRecord[]> {
  const rows = await db
    .select()
    .from(incidents)
    .orderBy(sql`${incidents.finishedAt} is null desc`, desc(incidents.startedAt), desc(incidents.id))
    .limit(limit);
  return withTicks(db, rows);
}

/** When the first person was added: since then a quarter runs until the first review. */
export async function firstUserAt(db: Db): Promise<Date | null> {
  const [row] = await db.select({ at: sql<string | null>`min(${users.createdAt})` }).from(users);
  return row?.at == null ? null : new Date(row.at);
}
