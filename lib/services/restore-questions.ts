import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { RestoreLook, RestoreLookQuery, RestorePlan, RestorePreview } from '../contracts/restore.ts';
import { lookJob, previewJob } from '../jobs/queue.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  findLook,
  findPreview,
  insertLook,
  insertPreview,
  removeLook,
} from '#db/queries/restore-question.ts';
import { lockRestore } from '#db/queries/restore.ts';
import { needWorker, waitForAnswer } from './worker-answer.ts';

/** The web process opens no source: a worker answers. */
export async function askPreview(
  backend: Backend,
  question: { readonly backupId: string; readonly plan: RestorePlan; readonly requestedBy: string },
): Promise<RestorePreview> {
  await needWorker(backend);
  const queue = await backend.queue();
  const previewId = await backend.db.transaction(async (tx) => {
    const id = await insertPreview(tx, question);
    await queue.enqueue(tx, previewJob, { previewId: id });
    return id;
  });
  return waitForAnswer(backend, () => findPreview(backend.db, previewId));
}

/**
 * What stands in the restored copy, beside the live database. Throws `conflict` where there is no copy to look at. The answer
 * holds rows of the application, so it is removed from the catalogue once it is read.
 */
export async function lookAtRestore(
  backend: Backend,
  actor: Actor,
  restoreId: string,
  { schema = null, table = null }: { [Key in keyof RestoreLookQuery]: RestoreLookQuery[Key] | null },
): Promise<RestoreLook> {
  await needWorker(backend);
  const queue = await backend.queue();
  const lookId = await backend.db.transaction(async (tx) => {
    const record = await lockRestore(tx, restoreId);
    if (record === null) {
      throw new AppError('not_found', 'there is no restore with this id', {
        hint: 'Open the list of restores to see them all.',
      });
    }
    const isThere =
      record.status === 'COMPLETED' || (record.status === 'IN_PROGRESS' && record.phase === 'ready');
    if (!isThere) {
      throw new AppError('conflict', 'there is no restored copy to look at', {
        hint: 'Wait until it is restored and compared.',
        fields: { status: record.status },
      });
    }
    const id = await insertLook(tx, { restoreId, tableSchema: schema, tableName: table });
    if (schema !== null && table !== null)
      await addAuditEntry(tx, actor, 'restore.look', restoreId, { table: `${schema}.${table}` });
    await queue.enqueue(tx, lookJob, { lookId: id });
    return id;
  });
  try {
    return await waitForAnswer(backend, () => findLook(backend.db, lookId));
  } finally {
    await removeLook(backend.db, lookId);
  }
}
