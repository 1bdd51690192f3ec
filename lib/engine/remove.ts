import { addAuditEntry } from '#db/queries/audit.ts';
import { markDeleted, statusOf } from '#db/queries/run.ts';
import { workerActor, type EngineDeps } from './deps.ts';
import { removeCopies } from './leftovers.ts';

/**
 * Objects of an EXPIRED backup first, then DELETED: whoever dies in between leaves a row that says what was going on,
 * and the next delivery starts anew. Throws when a destination could not be asked; the queue tries again.
 */
export async function runRemove(deps: EngineDeps, backupId: string, signal: AbortSignal): Promise<void> {
  if ((await statusOf(deps.db, backupId)) !== 'EXPIRED') return;
  await removeCopies(deps, backupId, signal);
  await deps.db.transaction(async (tx) => {
    if (!(await markDeleted(tx, backupId))) return;
    await addAuditEntry(tx, workerActor('removal'), 'backup.deleted', backupId);
  });
  deps.log.info('backup deleted', { backupId });
}
