import type { AuditList, AuditQuery } from '../contracts/audit.ts';
import type { Backend } from '#db/backend.ts';
import { listAuditEntries } from '#db/queries/audit.ts';

/** Newest first; `nextBefore` is the `before` of the next page. */
export async function listAudit(backend: Backend, query: AuditQuery): Promise<AuditList> {
  // One more than asked for tells whether there is a next page.
  const rows = await listAuditEntries(backend.db, query.before ?? null, query.limit + 1);
  const shown = rows.slice(0, query.limit);
  return {
    data: shown.map((row) => ({
      id: row.id,
      at: row.at.toISOString(),
      actorKind: row.actorKind,
      actorName: row.actorName,
      action: row.action,
      subjectId: row.subjectId,
      address: row.address,
      details: row.details,
    })),
    nextBefore: rows.length > query.limit ? (shown.at(-1)?.id ?? null) : null,
  };
}
