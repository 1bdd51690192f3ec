import { desc, lt } from 'drizzle-orm';
import type { Actor } from '../../lib/core/actor.ts';
import type { Db, Tx } from '../client.ts';
import { auditEntries } from '../schema/audit.ts';

/** Adds one audit entry. Call it in the transaction of the write it tells of. `details` must hold no secret. */
export async function addAuditEntry(
  db: Db | Tx,
  actor: Actor,
  action: string,
  subjectId: string | null,
  details: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await db.insert(auditEntries).values({
    actorKind: actor.kind,
    actorId: actor.id,
    actorName: actor.name,
    action,
    subjectId,
    address: actor.address ?? null,
    requestId: actor.requestId ?? null,
    details,
  });
}

/** The newest entries older than `beforeId`, newest first. */
export async function listAuditEntries(
  db: Db,
  beforeId: number | null,
  limit: number,
): Promise<(typeof auditEntries.$inferSelect)[]> {
  return db
    .select()
    .from(auditEntries)
    .where(beforeId === null ? undefined : lt(auditEntries.id, beforeId))
    .orderBy(desc(auditEntries.id))
    .limit(limit);
}
