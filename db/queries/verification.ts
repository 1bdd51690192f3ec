import { and, asc, desc, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { BackupStatus, Destination } from '../../lib/contracts/backup.ts';
import type {
  Check,
  Depth,
  VerificationCause,
  VerifyOutcome,
  VerifyPhase,
} from '../../lib/contracts/verification.ts';
import type { Db, Tx } from '../client.ts';
import { backupCopies, backups } from '../schema/backup.ts';
import { verifications } from '../schema/verification.ts';
import { copyToRead, type CopyToRead } from './copy-to-read.ts';
import { isOfDeadWorker } from './worker.ts';

export type VerificationRecord = typeof verifications.$inferSelect;
export type VerificationSummaryRecord = Omit<VerificationRecord, 'checks' | 'log'>;

/** Every column but checks and log, which may be large. */
const summaryColumns = {
  id: verifications.id,
  backupId: verifications.backupId,
  destination: verifications.destination,
  depth: verifications.depth,
  cause: verifications.cause,
  requestedBy: verifications.requestedBy,
  status: verifications.status,
  proven: verifications.proven,
  createdAt: verifications.createdAt,
  startedAt: verifications.startedAt,
  finishedAt: verifications.finishedAt,
  durationMs: verifications.durationMs,
  restoreMs: verifications.restoreMs,
  place: verifications.place,
  passedCount: verifications.passedCount,
  failedCount: verifications.failedCount,
  unknownCount: verifications.unknownCount,
  errorCode: verifications.errorCode,
  errorMessage: verifications.errorMessage,
  errorHint: verifications.errorHint,
  workerId: verifications.workerId,
  heartbeatAt: verifications.heartbeatAt,
  phase: verifications.phase,
  progressBytes: verifications.progressBytes,
  progressTotalBytes: verifications.progressTotalBytes,
  cancelRequestedAt: verifications.cancelRequestedAt,
  cancelRequestedBy: verifications.cancelRequestedBy,
};

export async function findVerification(db: Db | Tx, id: string): Promise<VerificationRecord | null> {
  const [row] = await db.select().from(verifications).where(eq(verifications.id, id));
  return row ?? null;
}

/** Of one backup, newest first. */
export async function findVerifications(
  db: Db,
  backupId: string,
): Promise<readonly VerificationSummaryRecord[]> {
  return db
    .select(summaryColumns)
    .from(verifications)
    .where(eq(verifications.backupId, backupId))
    .orderBy(desc(verifications.createdAt), desc(verifications.id))
    .limit(500);
}

/** Locks the row until the transaction ends. */
export async function lockVerification(tx: Tx, id: string): Promise<VerificationSummaryRecord | null> {
  const [row] = await tx
    .select(summaryColumns)
    .from(verifications)
    .where(eq(verifications.id, id))
    .for('update');
  return row ?? null;
}

/** The one that waits or runs for this backup. */
export async function unfinishedVerificationOf(tx: Tx, backupId: string): Promise<string | null> {
  const [row] = await tx
    .select({ id: verifications.id })
    .from(verifications)
    .where(and(eq(verifications.backupId, backupId), eq(verifications.status, 'IN_PROGRESS')));
  return row?.id ?? null;
}

/** The one that runs, or else the one that waits longest; null when there is none. */
export async function findUnfinishedVerification(db: Db | Tx): Promise<{
  readonly id: string;
  readonly backupId: string;
  readonly sourceId: string;
  readonly depth: Depth;
} | null> {
  const [row] = await db
    .select({
      id: verifications.id,
      backupId: verifications.backupId,
      sourceId: backups.sourceId,
      depth: verifications.depth,
    })
    .from(verifications)
    .innerJoin(backups, eq(backups.id, verifications.backupId))
    .where(eq(verifications.status, 'IN_PROGRESS'))
    .orderBy(sql`${verifications.workerId} is null`, asc(verifications.createdAt), asc(verifications.id))
    .limit(1);
  return row ?? null;
}

export interface NewVerification {
  readonly backupId: string;
  readonly destination: Destination;
  readonly depth: Depth;
  readonly cause: VerificationCause;
  /** Null for the schedule. */
  readonly requestedBy: string | null;
}

/** Adds a waiting verification and names it the backup's newest. The caller holds the backup's row and adds the job. */
export async function insertVerification(tx: Tx, values: NewVerification): Promise<string> {
  const [row] = await tx.insert(verifications).values(values).returning({ id: verifications.id });
  if (row === undefined) throw new Error('insert returned no row');
  await tx.update(backups).set({ lastVerificationId: row.id }).where(eq(backups.id, values.backupId));
  return row.id;
}

export async function requestVerificationCancel(tx: Tx, id: string, by: string): Promise<void> {
  await tx
    .update(verifications)
    .set({ cancelRequestedAt: sql`coalesce(cancel_requested_at, now())`, cancelRequestedBy: by })
    .where(eq(verifications.id, id));
}

export type VerificationClaim =
  | ({ readonly state: 'claimed'; readonly run: VerificationSummaryRecord } & CopyToRead)
  /** A backup is queued or running, or another verification runs. */
  | { readonly state: 'busy' }
  /** A person cancelled it before a worker took it. */
  | { readonly state: 'cancelled'; readonly by: string | null }
  /** Somebody took it, or it is over. */
  | { readonly state: 'gone' };

/** Takes a waiting verification for a worker, once no backup waits or runs and no other verification runs. */
export async function claimVerification(tx: Tx, id: string, workerId: string): Promise<VerificationClaim> {
  // Without the lock two workers would both see "nothing is running".
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-verify-claim'))`);
  const row = await lockVerification(tx, id);
  if (row === null || row.status !== 'IN_PROGRESS' || row.workerId !== null) return { state: 'gone' };
  if (row.cancelRequestedAt !== null) return { state: 'cancelled', by: row.cancelRequestedBy };
  const [running] = await tx
    .select({ id: backups.id })
    .from(backups)
    .where(eq(backups.status, 'IN_PROGRESS'))
    .limit(1);
  if (running !== undefined) return { state: 'busy' };
  const [other] = await tx
    .select({ id: verifications.id })
    .from(verifications)
    .where(and(eq(verifications.status, 'IN_PROGRESS'), isNotNull(verifications.workerId)))
    .limit(1);
  if (other !== undefined) return { state: 'busy' };
  const [run] = await tx
    .update(verifications)
    .set({ workerId, startedAt: sql`now()`, heartbeatAt: sql`now()`, phase: 'preparing' })
    .where(eq(verifications.id, id))
    .returning(summaryColumns);
  const copy = await copyToRead(tx, row);
  if (run === undefined || copy === null) return { state: 'gone' };
  return { state: 'claimed', run, ...copy };
}

/** Still ours: claimed by this worker and not taken away. Every write of a run is fenced by this. */
const held = (id: string, workerId: string) =>
  and(
    eq(verifications.id, id),
    eq(verifications.workerId, workerId),
    eq(verifications.status, 'IN_PROGRESS'),
  );

/** What a running verification has to show so far. */
export interface VerificationProgress {
  readonly phase: VerifyPhase;
  readonly bytes: number;
  readonly totalBytes: number | null;
  /** Absent where nothing was found since the last time. */
  readonly findings?: { readonly checks: readonly Check[]; readonly log: string } | undefined;
}

/** A sign of life. Null when the verification is no longer this worker's. */
export async function beatVerification(
  db: Db,
  id: string,
  workerId: string,
  { phase, bytes, totalBytes, findings }: VerificationProgress,
): Promise<{
  readonly cancelRequested: boolean;
  readonly cancelRequestedBy: string | null;
  readonly backupStatus: BackupStatus;
} | null> {
  const [row] = await db
    .update(verifications)
    .set({
      heartbeatAt: sql`now()`,
      phase,
      progressBytes: bytes,
      progressTotalBytes: totalBytes,
      ...(findings === undefined ? {} : findingColumns(findings)),
    })
    .where(held(id, workerId))
    .returning({
      at: verifications.cancelRequestedAt,
      by: verifications.cancelRequestedBy,
      backupStatus: sql<BackupStatus>`(select b.status from backups b where b.id = "verifications"."backup_id")`,
    });
  if (row === undefined) return null;
  return {
    cancelRequested: row.at !== null,
    cancelRequestedBy: row.by,
    backupStatus: row.backupStatus,
  };
}

const countOf = (checks: readonly Check[], wanted: Check['verdict']): number =>
  checks.filter(({ verdict }) => verdict === wanted).length;
const findingColumns = ({ checks, log }: { readonly checks: readonly Check[]; readonly log: string }) => ({
  checks: [...checks],
  passedCount: countOf(checks, 'PASSED'),
  failedCount: countOf(checks, 'FAILED'),
  unknownCount: countOf(checks, 'UNKNOWN'),
  log,
});

/** The worker that held it stops: it waits for another. False when it was not this worker's, or a person cancelled it. */
export async function releaseVerification(tx: Tx, id: string, workerId: string): Promise<boolean> {
  const rows = await tx
    .update(verifications)
    .set({
      workerId: null,
      startedAt: null,
      heartbeatAt: null,
      phase: 'queued',
      progressBytes: 0,
      progressTotalBytes: null,
      ...findingColumns({ checks: [], log: '' }),
    })
    .where(and(held(id, workerId), isNull(verifications.cancelRequestedAt)))
    .returning({ id: verifications.id });
  return rows.length > 0;
}

export interface VerificationResult {
  readonly outcome: VerifyOutcome;
  /** What counts instead where the backup is EXPIRED or DELETED by now. */
  readonly outcomeIfDeleted: VerifyOutcome;
  readonly checks: readonly Check[];
  readonly log: string;
}

/**
 * Ends a verification and says on its backup and copy what it showed, if the backup is still there: a backup that is
 * EXPIRED or DELETED by now is never marked. `workerId` null ends one that nobody has taken. `lost` when it is not in that
 * state any more, `already` when an earlier try of the same write arrived although its answer did not.
 */
export async function settleVerification(
  tx: Tx,
  id: string,
  workerId: string | null,
  { checks, log, ...result }: VerificationResult,
): Promise<'settled' | 'already' | 'lost'> {
  const seen = await findVerification(tx, id);
  if (seen === null) return 'lost';
  // The backup first, as whoever asks for a verification does, or the two could wait for each other.
  const [backup] = await tx
    .select({ status: backups.status, proof: backups.proof, provenAt: backups.provenAt })
    .from(backups)
    .where(eq(backups.id, seen.backupId))
    .for('update');
  const isDeleted = backup?.status === 'EXPIRED' || backup?.status === 'DELETED';
  const outcome = isDeleted ? result.outcomeIfDeleted : result.outcome;
  const [row] = await tx
    .update(verifications)
    .set({
      status: outcome.status,
      proven: outcome.proven,
      restoreMs: outcome.restoreMs,
      place: outcome.place,
      errorCode: outcome.error?.code ?? null,
      errorMessage: outcome.error?.message ?? null,
      errorHint: outcome.error?.hint ?? null,
      ...findingColumns({ checks, log }),
      phase: 'finishing',
      finishedAt: sql`now()`,
      durationMs: sql`least((extract(epoch from clock_timestamp() - ${verifications.startedAt}) * 1000)::bigint, 2147483647)::integer`,
    })
    .where(
      workerId === null
        ? and(
            eq(verifications.id, id),
            isNull(verifications.workerId),
            eq(verifications.status, 'IN_PROGRESS'),
          )
        : held(id, workerId),
    )
    .returning({
      backupId: verifications.backupId,
      destination: verifications.destination,
      depth: verifications.depth,
      durationMs: verifications.durationMs,
    });
  if (row === undefined) {
    const isOurs = seen.workerId === workerId && seen.status === outcome.status;
    return isOurs ? 'already' : 'lost';
  }
  if (backup?.status !== 'COMPLETED') return 'settled';
  if (checks.some(({ name, verdict }) => name === 'sha256' && verdict === 'PASSED')) {
    await tx
      .update(backupCopies)
      .set({ checkedAt: sql`now()` })
      .where(and(eq(backupCopies.backupId, row.backupId), eq(backupCopies.destination, row.destination)));
    await tx
      .update(backups)
      .set({ bytesFineAt: sql`now()` })
      .where(eq(backups.id, row.backupId));
  }
  switch (outcome.status) {
    case 'UNKNOWN':
      break;
    case 'FAILED':
      await tx
        .update(backups)
        .set({ proof: 'FAILED', proofFailedAt: sql`now()` })
        .where(eq(backups.id, row.backupId));
      break;
    case 'PASSED': {
      const isProven = outcome.proven || backup.provenAt !== null;
      const isStillFailed = backup.proof === 'FAILED' && (await hasOpenFailure(tx, row.backupId));
      await tx
        .update(backups)
        .set({
          proof: isStillFailed ? 'FAILED' : isProven ? 'PROVEN' : 'NEVER',
          ...(outcome.proven ? { provenAt: sql`now()`, recoveryMs: row.durationMs } : {}),
        })
        .where(eq(backups.id, row.backupId));
    }
  }
  return 'settled';
}

/** True while a copy that failed has not passed, since, at least as deep as it failed. */
async function hasOpenFailure(tx: Tx, backupId: string): Promise<boolean> {
  const rows = await tx.execute(sql`
    select 1 from verifications failed
     where failed.backup_id = ${backupId} and failed.status = 'FAILED'
       and not exists (
         select 1 from verifications passed
          where passed.backup_id = failed.backup_id and passed.destination = failed.destination
            and passed.status = 'PASSED' and passed.depth >= failed.depth and passed.created_at > failed.created_at)
     limit 1`);
  return rows.length > 0;
}

/** Verifications whose worker died. `ownActive` are this process's. */
export async function deadVerifications(
  db: Db,
  workerId: string,
  ownActive: readonly string[],
): Promise<readonly { readonly id: string; readonly workerId: string }[]> {
  const rows = await db
    .select({ id: verifications.id, workerId: sql<string>`${verifications.workerId}` })
    .from(verifications)
    .where(and(eq(verifications.status, 'IN_PROGRESS'), isOfDeadWorker(verifications, workerId)));
  return rows.filter(({ id }) => !ownActive.includes(id));
}

/** Every verification that waits or runs, oldest first. */
export async function unfinishedVerifications(db: Db | Tx): Promise<
  readonly {
    readonly id: string;
    readonly workerId: string | null;
    readonly isCancelled: boolean;
    readonly cancelRequestedBy: string | null;
  }[]
> {
  return db
    .select({
      id: verifications.id,
      workerId: verifications.workerId,
      isCancelled: sql<boolean>`${verifications.cancelRequestedAt} is not null`,
      cancelRequestedBy: verifications.cancelRequestedBy,
    })
    .from(verifications)
    .where(eq(verifications.status, 'IN_PROGRESS'))
    .orderBy(asc(verifications.createdAt));
}

/** When the stored copy of a source that was not read for longest was last read; null when there is none. */
export async function oldestReadAt(db: Db | Tx, sourceId: string): Promise<Date | null> {
  const [row] = await db
    .select({ checkedAt: backupCopies.checkedAt, createdAt: backupCopies.createdAt })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(
      and(
        eq(backupCopies.status, 'STORED'),
        eq(backups.sourceId, sourceId),
        eq(backups.status, 'COMPLETED'),
        ne(backups.proof, 'FAILED'),
      ),
    )
    .orderBy(asc(backupCopies.checkedAt))
    .limit(1);
  return row === undefined ? null : (row.checkedAt ?? row.createdAt);
}
