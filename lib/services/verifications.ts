import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type {
  Verification,
  VerificationAccepted,
  VerificationList,
  VerificationSummary,
  VerifyRequest,
} from '../contracts/verification.ts';
import { verifyJob } from '../jobs/queue.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { findBackup, findCopies, lockBackup, sourceOfBackup } from '#db/queries/backup.ts';
import {
  findVerification,
  findVerifications,
  insertVerification,
  lockVerification,
  requestVerificationCancel,
  unfinishedVerificationOf,
  type VerificationSummaryRecord,
} from '#db/queries/verification.ts';
import { noSuchBackup } from './backups.ts';
import { toRunError } from './backup-row.ts';

const noSuchVerification = (): AppError =>
  new AppError('not_found', 'there is no verification with this id', {
    hint: 'Open the backup in the history to see its verifications.',
  });

function toShown(record: VerificationSummaryRecord): Omit<Verification, 'checks' | 'log'> {
  return {
    id: record.id,
    backupId: record.backupId,
    depth: record.depth,
    destination: record.destination,
    status: record.status,
    proven: record.proven,
    durationMs: record.durationMs,
    restoreMs: record.restoreMs,
    place: record.place,
    cause: record.cause,
    requestedBy: record.requestedBy,
    createdAt: record.createdAt.toISOString(),
    finishedAt: record.finishedAt?.toISOString() ?? null,
    progress:
      record.status === 'IN_PROGRESS'
        ? {
            phase: record.phase,
            bytes: record.progressBytes,
            totalBytes: record.progressTotalBytes,
            cancelRequested: record.cancelRequestedAt !== null,
          }
        : null,
    error: toRunError(record),
  };
}

const toSummary = (record: VerificationSummaryRecord): VerificationSummary => ({
  ...toShown(record),
  passed: record.passedCount,
  failed: record.failedCount,
  unknown: record.unknownCount,
});

/**
 * Asks for a verification: row, audit entry and job in one transaction. Throws `conflict` for a backup that is not
 * COMPLETED or has no stored copy there, and `locked` while one of this backup waits or runs: of two at once, one is
 * answered and the other refused.
 */
export async function requestVerification(
  backend: Backend,
  actor: Actor,
  backupId: string,
  input: VerifyRequest,
): Promise<VerificationAccepted> {
  const queue = await backend.queue();
  const id = await backend.db.transaction(async (tx) => {
    const backup = await lockBackup(tx, backupId);
    if (backup === null) throw noSuchBackup();
    if (backup.status !== 'COMPLETED') {
      throw new AppError('conflict', 'only a completed backup can be verified', {
        hint: 'Wait until it has completed, or choose another one in the history.',
        fields: { status: backup.status },
      });
    }
    const unfinished = await unfinishedVerificationOf(tx, backupId);
    if (unfinished !== null) {
      throw new AppError('locked', 'this backup is being verified already', {
        hint: 'Wait until that verification has ended, or cancel it, then try again.',
        fields: { verificationId: unfinished },
      });
    }
    const stored = (await findCopies(tx, backupId)).filter(({ status }) => status === 'STORED');
    const destination = (input.destination === undefined ? backup.destinations : [input.destination]).find(
      (wanted) => stored.some((copy) => copy.destination === wanted),
    );
    if (destination === undefined) {
      throw new AppError(
        'conflict',
        input.destination === undefined
          ? 'this backup has no stored copy'
          : `this backup has no stored copy at ${input.destination}`,
        { hint: 'Look at the copies of this backup and choose one that is stored.' },
      );
    }
    const verificationId = await insertVerification(tx, {
      backupId,
      destination,
      depth: input.depth,
      cause: 'manual',
      requestedBy: actor.name,
    });
    await addAuditEntry(tx, actor, 'verification.start', backupId, {
      sourceId: backup.sourceId,
      verificationId,
      filename: backup.filename,
      depth: input.depth,
      destination,
    });
    await queue.enqueue(tx, verifyJob, { verificationId });
    return verificationId;
  });
  return { id, status: 'IN_PROGRESS', message: 'Verification started' };
}

/** Asks the worker to stop; the row becomes UNKNOWN with `cancelled` when it has. Safe to repeat. */
export async function cancelVerification(
  backend: Backend,
  actor: Actor,
  id: string,
): Promise<VerificationAccepted> {
  await backend.db.transaction(async (tx) => {
    const record = await lockVerification(tx, id);
    if (record === null) throw noSuchVerification();
    if (record.status !== 'IN_PROGRESS') {
      throw new AppError('conflict', 'this verification is not running', {
        hint: 'It has ended; its checks say how.',
        fields: { status: record.status },
      });
    }
    if (record.cancelRequestedAt !== null) return;
    await requestVerificationCancel(tx, id, actor.name);
    await addAuditEntry(tx, actor, 'verification.cancel', record.backupId, {
      sourceId: await sourceOfBackup(tx, record.backupId),
      verificationId: id,
    });
  });
  return { id, status: 'IN_PROGRESS', message: 'Verification is being cancelled' };
}

/** With every check and the log. */
export async function getVerification(backend: Backend, id: string): Promise<Verification> {
  const record = await findVerification(backend.db, id);
  if (record === null) throw noSuchVerification();
  return { ...toShown(record), checks: record.checks, log: record.log };
}

/** Of one backup, newest first. */
export async function listVerifications(backend: Backend, backupId: string): Promise<VerificationList> {
  if ((await findBackup(backend.db, backupId)) === null) throw noSuchBackup();
  return { data: (await findVerifications(backend.db, backupId)).map(toSummary) };
}
