import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { BackupAccepted, BackupDetail } from '../contracts/backup.ts';
import type { Manifest } from '../contracts/manifest.ts';
import { removeJob } from '../jobs/queue.ts';
import { configForSource, labelOf, placeWords } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  catalogueNow,
  findBackup,
  findCopies,
  findManifest,
  findNewestCompleted,
  findNewestGood,
  findNewestProven,
  lockBackup,
  markExpired,
  requestCancel,
} from '#db/queries/backup.ts';
import { findReadingRestore } from '#db/queries/restore.ts';
import { findSource } from '#db/queries/source.ts';
import { toBackupDetail } from './backup-row.ts';
import { addressOf } from './settings.ts';

/** A finished backup younger than this is never deleted (4-ims.md BR-007). */
const PROTECTED_HOURS = 24;

export const noSuchBackup = (): AppError =>
  new AppError('not_found', 'there is no backup with this id', {
    hint: 'Look in the backup history for the ids that exist.',
  });

export async function getBackup(backend: Backend, id: string): Promise<BackupDetail> {
  const record = await findBackup(backend.db, id);
  if (record === null) throw noSuchBackup();
  const [copies, source] = await Promise.all([
    findCopies(backend.db, id),
    findSource(backend.db, record.sourceId),
  ]);
  const config = configForSource(backend.config, source);
  return toBackupDetail(record, copies, {
    kind: config.protects.kind,
    place: placeWords(config),
    database: labelOf(config),
    address: config.protects.kind === 'postgres' ? addressOf(config) : null,
  });
}

/** What the archive is, how it was made, and what a restore of it must show: as the catalogue noted it. */
export async function getManifest(backend: Backend, id: string): Promise<Manifest> {
  const manifest = await findManifest(backend.db, id);
  if (manifest === undefined) throw noSuchBackup();
  if (manifest === null) {
    throw new AppError('not_found', 'this backup has no manifest', {
      hint: 'Only a backup whose archive was made has one; look at its state in the history.',
    });
  }
  return manifest;
}

/** Asks the worker to stop this backup; the row becomes FAILED with `cancelled` when it has. Safe to repeat. */
export async function cancelBackup(backend: Backend, actor: Actor, id: string): Promise<BackupAccepted> {
  await backend.db.transaction(async (tx) => {
    const record = await lockBackup(tx, id);
    if (record === null) throw noSuchBackup();
    if (record.status !== 'IN_PROGRESS') {
      throw new AppError('conflict', 'this backup is not running', {
        hint: 'Only a backup that is in progress can be cancelled; look at its state in the history.',
        fields: { status: record.status },
      });
    }
    if (record.cancelRequestedAt !== null) return;
    await requestCancel(tx, id, actor.name);
    await addAuditEntry(tx, actor, 'backup.cancel', id, { filename: record.filename });
  });
  return { id, status: 'IN_PROGRESS', message: 'Backup is being cancelled' };
}

/**
 * Marks a backup EXPIRED and has a worker remove its objects. Refused: running ones (`conflict`), one that a restore reads
 * (`locked`), COMPLETED ones under 24 hours old, the newest good one of all, the newest good one of the whole database and the last
 * proven one (`protected`): the last restore point is not deleted by hand, because nothing would be left to restore. Good means
 * COMPLETED, and no verification failed. A FAILED run is no restore point and may go at once. `typedName`, where given, must be the
 * file's name.
 */
export async function deleteBackup(
  backend: Backend,
  actor: Actor,
  id: string,
  typedName?: string,
): Promise<BackupAccepted> {
  const queue = await backend.queue();
  await backend.db.transaction(async (tx) => {
    const record = await lockBackup(tx, id);
    if (record === null) throw noSuchBackup();
    if (typedName !== undefined && typedName !== record.filename) {
      throw new AppError('invalid', 'typedName: is not the name of this backup', {
        hint: `Type ${record.filename} to delete it.`,
        fields: { field: 'typedName' },
      });
    }
    if (record.status !== 'COMPLETED' && record.status !== 'FAILED') {
      throw new AppError(
        'conflict',
        record.status === 'IN_PROGRESS' ? 'this backup is still running' : 'this backup is already deleted',
        {
          hint:
            record.status === 'IN_PROGRESS'
              ? 'Cancel it first, then delete it.'
              : 'There is nothing left to do.',
          fields: { status: record.status },
        },
      );
    }
    if (record.status === 'COMPLETED') {
      const restore = await findReadingRestore(tx, id);
      if (restore !== null) {
        throw new AppError('locked', `this backup is being restored into ${restore.targetDatabase}`, {
          hint: 'Wait until that restore has ended, or cancel it, then delete the backup.',
          fields: { restoreId: restore.id },
        });
      }
      const freeAt = new Date(record.createdAt.getTime() + PROTECTED_HOURS * 3_600_000);
      if ((await catalogueNow(tx)) < freeAt) {
        throw new AppError('protected', 'this backup is less than 24 hours old', {
          hint: `It can be deleted from ${freeAt.toISOString()} on.`,
          fields: { deletableFrom: freeAt.toISOString() },
        });
      }
      if ((await findNewestCompleted(tx, record.sourceId))?.id === id) {
        throw new AppError('protected', 'this is the newest completed backup', {
          hint: 'Take a new backup first; then this one can be deleted.',
        });
      }
      if ((await findNewestGood(tx, record.sourceId))?.id === id) {
        throw new AppError('protected', 'this is the newest backup of the whole database', {
          hint: 'Take a new backup of all tables first; then this one can be deleted.',
        });
      }
      if ((await findNewestProven(tx, record.sourceId))?.id === id) {
        throw new AppError('protected', 'this is the last proven backup', {
          hint: 'Prove another backup of the whole database first; then this one can be deleted.',
        });
      }
    }
    await markExpired(tx, id);
    await addAuditEntry(tx, actor, 'backup.delete', id, {
      filename: record.filename,
      sizeBytes: record.sizeBytes,
      status: record.status,
    });
    await queue.enqueue(tx, removeJob, { backupId: id });
  });
  return { id, status: 'EXPIRED', message: 'Backup is being deleted' };
}
