import type { Actor } from '../core/actor.ts';
import { archiveFilename, safetyPrefix } from '../core/archive-name.ts';
import { AppError } from '../core/errors.ts';
import type { Destination, TriggerBackupRequest, TriggerBackupResponse } from '../contracts/backup.ts';
import { ENVIRONMENT_SOURCE_ID } from '../contracts/source.ts';
import { backupJob } from '../jobs/queue.ts';
import type { Config } from '../platform/config.ts';
import { configForSource, layersOf } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  catalogueNow,
  findRunning,
  insertManualBackup,
  lockTriggers,
  newestManualAt,
} from '#db/queries/backup.ts';
import { findSource } from '#db/queries/source.ts';
import { noSuchSource } from './sources.ts';

/**
 * Where a manual backup goes. `undefined` follows BACKUP_STORAGE; `true` adds S3 to a local installation; `false` stays
 * on this machine. Throws `invalid` when S3 is asked for and not configured.
 */
export function destinationsFor(config: Config, uploadToS3: boolean | undefined): Destination[] {
  if (uploadToS3 === undefined) return [config.storage];
  if (!uploadToS3) return ['local'];
  if (config.s3 === null) {
    throw new AppError('invalid', 'uploadToS3: no S3 storage is configured', {
      hint: 'Set BACKUP_S3_BUCKET, BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY, or leave uploadToS3 out.',
      fields: { field: 'uploadToS3' },
    });
  }
  return config.storage === 's3' ? ['s3'] : ['local', 's3'];
}

/**
 * Asks for a manual backup of a source: row, audit entry and job in one transaction. Throws `not_found` for a source that is not
 * there, `conflict` for a disabled one, `rate_limited` within BACKUP_MANUAL_INTERVAL_MINUTES of its last manual one that did not
 * fail, and `locked` while a backup of it is running.
 * Of two at once, one is answered and the other refused.
 */
export async function triggerBackup(
  backend: Backend,
  actor: Actor,
  input: TriggerBackupRequest,
): Promise<TriggerBackupResponse> {
  const destinations = destinationsFor(backend.config, input.uploadToS3);
  const { sourceId = ENVIRONMENT_SOURCE_ID } = input;
  const queue = await backend.queue();
  const id = await backend.db.transaction(async (tx) => {
    await lockTriggers(tx);
    const source = await findSource(tx, sourceId);
    if (source === null) throw noSuchSource();
    if (!source.isEnabled) {
      throw new AppError('conflict', `the source ${source.name} is disabled`, {
        hint: 'Enable it among the sources, then back it up.',
        fields: { field: 'sourceId' },
      });
    }
    const config = configForSource(backend.config, source);
    const now = await catalogueNow(tx);
    const last = await newestManualAt(tx, sourceId, safetyPrefix(config.filePrefix));
    const waitMs = last === null ? 0 : last.getTime() + config.manualIntervalMinutes * 60_000 - now.getTime();
    if (waitMs > 0) {
      throw new AppError('rate_limited', 'a manual backup was started a short while ago', {
        hint: `One manual backup every ${config.manualIntervalMinutes} minutes is allowed (BACKUP_MANUAL_INTERVAL_MINUTES). Try again in ${Math.ceil(waitMs / 60_000)} minutes.`,
        fields: { retryAfterSeconds: Math.ceil(waitMs / 1000) },
      });
    }
    const [running] = await findRunning(tx, sourceId);
    if (running) {
      throw new AppError('locked', 'a backup is already running', {
        hint: 'Wait until it has finished, or cancel it, then try again.',
        fields: { backupId: running.id },
      });
    }
    const backupId = await insertManualBackup(tx, {
      sourceId,
      filename: archiveFilename(config.filePrefix, now, 1, layersOf(config)),
      destinations,
      description: input.description === undefined || input.description === '' ? null : input.description,
      tables: input.tables ?? null,
      schemaOnly: input.schemaOnly ?? false,
      isEncrypted: config.ageRecipients.length > 0,
      requestedBy: actor.name,
    });
    await addAuditEntry(tx, actor, 'backup.create', backupId, {
      sourceId,
      destinations,
      tables: input.tables ?? null,
      schemaOnly: input.schemaOnly ?? false,
    });
    await queue.enqueue(tx, backupJob, { backupId });
    return backupId;
  });
  return { id, status: 'IN_PROGRESS', message: 'Backup started' };
}
