import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { Rebuild, RebuildAccepted, RebuildRequest } from '../contracts/rebuild.ts';
import { rebuildJob } from '../jobs/queue.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { findRebuild, insertRebuild } from '#db/queries/rebuild.ts';
import { livingWorkers } from '#db/queries/worker.ts';
import { toRunError } from './backup-row.ts';
import { needWorker } from './worker-answer.ts';

/**
 * Has a worker look through the destinations for backups that the history does not have, and record them unless `dryRun`. Throws
 * `worker_absent` where nobody would.
 */
export async function requestRebuild(
  backend: Backend,
  actor: Actor,
  { dryRun = false }: RebuildRequest,
): Promise<RebuildAccepted> {
  await needWorker(backend);
  const queue = await backend.queue();
  const id = await backend.db.transaction(async (tx) => {
    const rebuildId = await insertRebuild(tx, { isDryRun: dryRun, requestedBy: actor.name });
    await addAuditEntry(tx, actor, dryRun ? 'backup.preview-rebuild' : 'backup.rebuild', rebuildId);
    await queue.enqueue(tx, rebuildJob, { rebuildId });
    return rebuildId;
  });
  return { id, status: 'IN_PROGRESS' };
}

/** How far it is, or what came of it. Throws `not_found`. */
export async function getRebuild({ db }: Backend, id: string): Promise<Rebuild> {
  const row = await findRebuild(db, id);
  if (row === null) {
    throw new AppError('not_found', 'there is no such search for backups', {
      hint: 'Its outcome is kept for seven days. Start another one.',
    });
  }
  const { result } = row;
  const error = toRunError(row);
  const isOver = error !== null || result !== null;
  const isLeft = !isOver && (await livingWorkers(db)).length === 0;
  return {
    id: row.id,
    dryRun: row.isDryRun,
    status: error !== null ? 'FAILED' : result !== null ? 'COMPLETED' : 'IN_PROGRESS',
    requestedBy: row.requestedBy,
    createdAt: row.createdAt.toISOString(),
    progress: { archives: row.archives, recorded: row.recorded },
    result,
    error: isLeft
      ? {
          code: 'worker_absent',
          message: 'no worker is running to go on with this',
          hint: 'Check that the worker runs (npm run worker): it begins again by itself and records nothing twice.',
        }
      : error,
  };
}
