import { and, asc, desc, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm';
import type { BackupStatus, Destination } from '../../lib/contracts/backup.ts';
import type { Manifest } from '../../lib/contracts/manifest.ts';
import type { AppError } from '../../lib/core/errors.ts';
import type { Progress } from '../../lib/core/progress.ts';
import type { Db, Tx } from '../client.ts';
import { backupCopies, backups } from '../schema/backup.ts';
import { noteTables } from './backup-table.ts';
import { isOfDeadWorker } from './worker.ts';

export type RunRow = typeof backups.$inferSelect;

export type Claim =
  | { readonly state: 'claimed'; readonly run: RunRow & { readonly startedAt: Date } }
  /** Another backup of its source is running; `isOtherReady`: of another source one waits that could be taken. */
  | { readonly state: 'busy'; readonly isOtherReady: boolean }
  /** A person cancelled it before a worker took it. */
  | { readonly state: 'cancelled'; readonly by: string | null }
  /** Somebody took it, or it is over. */
  | { readonly state: 'gone' };

/** Takes a queued run for a worker, if no other run of its source is held by one. Only one claim is judged at a time. */
export async function claimRun(tx: Tx, id: string, workerId: string): Promise<Claim> {
  // Without the lock two workers would both see "nothing is running".
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-claim'))`);
  const [row] = await tx.select().from(backups).where(eq(backups.id, id)).for('update');
  if (row === undefined || row.status !== 'IN_PROGRESS' || row.workerId !== null) return { state: 'gone' };
  if (row.cancelRequestedAt !== null) return { state: 'cancelled', by: row.cancelRequestedBy };
  const [other] = await tx
    .select({ id: backups.id })
    .from(backups)
    .where(
      and(
        eq(backups.status, 'IN_PROGRESS'),
        eq(backups.sourceId, row.sourceId),
        sql`${backups.workerId} is not null`,
        ne(backups.id, id),
      ),
    )
    .limit(1);
  if (other !== undefined) {
    const ready = await tx.execute(sql`
      select 1 from backups b where b.status = 'IN_PROGRESS' and b.worker_id is null and not exists (
        select 1 from backups held
         where held.status = 'IN_PROGRESS' and held.worker_id is not null and held.source_id = b.source_id)
       limit 1`);
    return { state: 'busy', isOtherReady: ready.length > 0 };
  }
  const [run] = await tx
    .update(backups)
    .set({ workerId, startedAt: sql`now()`, heartbeatAt: sql`now()`, phase: 'preparing' })
    .where(eq(backups.id, id))
    .returning();
  if (run?.startedAt == null) return { state: 'gone' };
  return { state: 'claimed', run: { ...run, startedAt: run.startedAt } };
}

/** Still ours: claimed by this worker and not taken away. Every write of a run is fenced by this. */
const held = (id: string, workerId: string) =>
  and(eq(backups.id, id), eq(backups.workerId, workerId), eq(backups.status, 'IN_PROGRESS'));

/** A run's sign of life. Null when the run is no longer this worker's. */
export async function beatRun(
  db: Db,
  id: string,
  workerId: string,
  progress: Progress,
): Promise<{ readonly cancelRequested: boolean; readonly cancelRequestedBy: string | null } | null> {
  const [row] = await db
    .update(backups)
    .set({
      heartbeatAt: sql`now()`,
      phase: progress.phase,
      progressBytes: progress.bytes,
      progressTotalBytes: progress.totalBytes,
      progressBytesPerSecond: progress.bytesPerSecond,
      progressPercent: progress.percent,
    })
    .where(held(id, workerId))
    .returning({ at: backups.cancelRequestedAt, by: backups.cancelRequestedBy });
  return row === undefined ? null : { cancelRequested: row.at !== null, cancelRequestedBy: row.by };
}

/** Notes where the first byte is about to go. False when the run is no longer this worker's. */
export async function noteWriting(
  tx: Tx,
  id: string,
  workerId: string,
  copy: { readonly destination: Destination; readonly key: string; readonly filename: string },
): Promise<boolean> {
  const rows = await tx
    .update(backups)
    .set({ filename: copy.filename })
    .where(held(id, workerId))
    .returning({ id: backups.id });
  if (rows.length === 0) return false;
  await tx
    .insert(backupCopies)
    .values({ backupId: id, destination: copy.destination, key: copy.key, status: 'WRITING' })
    .onConflictDoUpdate({
      target: [backupCopies.backupId, backupCopies.destination],
      set: { key: copy.key, status: 'WRITING', sizeBytes: null, checkedAt: null },
    });
  return true;
}

/** What was read back. The copy stays WRITING until the run is COMPLETED: a crash in between leaves it to be swept. */
export async function noteReadBack(
  db: Db,
  id: string,
  destination: Destination,
  sizeBytes: number,
  checkedAt: Date,
): Promise<void> {
  await db
    .update(backupCopies)
    .set({ sizeBytes, checkedAt })
    .where(and(eq(backupCopies.backupId, id), eq(backupCopies.destination, destination)));
}

export interface RunResult {
  readonly filename: string;
  readonly storagePath: string;
  readonly tableCount: number;
  readonly plain: { readonly bytes: number; readonly sha256: string };
  readonly stored: { readonly bytes: number; readonly sha256: string };
  readonly manifest: Manifest;
  readonly copies: readonly {
    readonly destination: Destination;
    readonly key: string;
    readonly sizeBytes: number;
    readonly checkedAt: Date;
  }[];
  readonly durationMs: number;
}

/**
 * COMPLETED with everything that is known of it, and its copies STORED. `lost` when the run was taken away. `already`
 * when an earlier try of the same write arrived although its answer did not.
 */
export async function completeRun(
  tx: Tx,
  id: string,
  workerId: string,
  result: RunResult,
  expiresAt: Date | null,
): Promise<'completed' | 'already' | 'lost'> {
  const rows = await tx
    .update(backups)
    .set({
      status: 'COMPLETED',
      phase: 'finishing',
      progressPercent: 100,
      ...archiveColumns(result),
      durationMs: result.durationMs,
      progressBytes: result.stored.bytes,
      progressTotalBytes: result.stored.bytes,
      heartbeatAt: sql`now()`,
      finishedAt: sql`now()`,
      // Every copy was read back.
      bytesFineAt: sql`now()`,
      expiresAt,
    })
    .where(held(id, workerId))
    .returning({ id: backups.id });
  if (rows.length === 0) {
    const [row] = await tx
      .select({ status: backups.status, workerId: backups.workerId })
      .from(backups)
      .where(eq(backups.id, id));
    return row?.status === 'COMPLETED' && row.workerId === workerId ? 'already' : 'lost';
  }
  await storeCopies(tx, id, result);
  await noteTables(tx, id, new Date(result.manifest.takenAt), result.manifest);
  return 'completed';
}

/**
 * FAILED with code, message and hint; its copies FAILED, which means: what there may be of them is still to be removed.
 * `kept`, where a further copy failed, is what is known of the good ones: these are STORED and stay until a person
 * deletes them. `workerId` null fails a run that nobody has taken. False when it is not in that state any more.
 */
export async function failRun(
  tx: Tx,
  id: string,
  workerId: string | null,
  error: AppError,
  kept: RunResult | null = null,
): Promise<boolean> {
  const rows = await tx
    .update(backups)
    .set({
      status: 'FAILED',
      errorCode: error.code,
      errorMessage: error.message,
      errorHint: error.hint ?? null,
      finishedAt: sql`now()`,
      durationMs: sql`(extract(epoch from now() - ${backups.startedAt}) * 1000)::integer`,
    })
    .where(
      workerId === null
        ? and(eq(backups.id, id), isNull(backups.workerId), eq(backups.status, 'IN_PROGRESS'))
        : held(id, workerId),
    )
    .returning({ id: backups.id });
  if (rows.length === 0) return false;
  await tx.update(backupCopies).set({ status: 'FAILED' }).where(eq(backupCopies.backupId, id));
  if (kept !== null) {
    await tx.update(backups).set(archiveColumns(kept)).where(eq(backups.id, id));
    await storeCopies(tx, id, kept);
  }
  return true;
}

const archiveColumns = (result: RunResult) => ({
  filename: result.filename,
  storagePath: result.storagePath,
  sizeBytes: result.stored.bytes,
  checksum: result.stored.sha256,
  plainSizeBytes: result.plain.bytes,
  plainChecksum: result.plain.sha256,
  tableCount: result.tableCount,
  manifest: result.manifest,
});

async function storeCopies(tx: Tx, id: string, { copies }: RunResult): Promise<void> {
  for (const { destination, key, sizeBytes, checkedAt } of copies) {
    await tx
      .insert(backupCopies)
      .values({ backupId: id, destination, key, status: 'STORED', sizeBytes, checkedAt })
      .onConflictDoUpdate({
        target: [backupCopies.backupId, backupCopies.destination],
        set: { key, status: 'STORED', sizeBytes, checkedAt },
      });
  }
}

export interface CopyRow {
  readonly destination: Destination;
  readonly key: string;
}

/** Copies of this backup that are to go: all that may hold bytes, but of a FAILED one not what is STORED and good. */
export async function copiesToRemove(db: Db | Tx, id: string): Promise<readonly CopyRow[]> {
  return db
    .select({ destination: backupCopies.destination, key: backupCopies.key })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(
      and(
        eq(backupCopies.backupId, id),
        ne(backupCopies.status, 'REMOVED'),
        or(ne(backupCopies.status, 'STORED'), ne(backups.status, 'FAILED')),
      ),
    );
}

/** True where another backup, not gone itself, claims the same object: it must not be removed in this one's name. */
export async function isKeyOfAnother(db: Db | Tx, id: string, copy: CopyRow): Promise<boolean> {
  const rows = await db
    .select({ id: backupCopies.backupId })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(
      and(
        ne(backupCopies.backupId, id),
        eq(backupCopies.key, copy.key),
        eq(backupCopies.destination, copy.destination),
        inArray(backupCopies.status, ['WRITING', 'STORED']),
        // A FAILED one has STORED copies where only a further copy failed.
        inArray(backups.status, ['IN_PROGRESS', 'COMPLETED', 'FAILED']),
      ),
    )
    .limit(1);
  return rows.length > 0;
}

/** `destinations` are those whose objects are gone: by now others may be to go too. */
export async function markCopiesRemoved(
  db: Db | Tx,
  id: string,
  destinations: readonly Destination[],
): Promise<void> {
  await db
    .update(backupCopies)
    .set({ status: 'REMOVED' })
    .where(and(eq(backupCopies.backupId, id), inArray(backupCopies.destination, [...destinations])));
}

/** Failed backups whose remains have not been confirmed gone, oldest first. */
export async function backupsWithLeftovers(db: Db, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectDistinct({ id: backups.id, createdAt: backups.createdAt })
    .from(backupCopies)
    .innerJoin(backups, eq(backups.id, backupCopies.backupId))
    .where(and(inArray(backupCopies.status, ['WRITING', 'FAILED']), eq(backups.status, 'FAILED')))
    .orderBy(asc(backups.createdAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** EXPIRED → DELETED. False when it was not EXPIRED (any more). */
export async function markDeleted(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx
    .update(backups)
    .set({ status: 'DELETED', deletedAt: sql`now()` })
    .where(and(eq(backups.id, id), eq(backups.status, 'EXPIRED')))
    .returning({ id: backups.id });
  return rows.length > 0;
}

/** COMPLETED → EXPIRED. False when it was not COMPLETED (any more). */
export async function markExpired(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx
    .update(backups)
    .set({ status: 'EXPIRED' })
    .where(and(eq(backups.id, id), eq(backups.status, 'COMPLETED')))
    .returning({ id: backups.id });
  return rows.length > 0;
}

export async function setExpiresAt(tx: Tx, id: string, expiresAt: Date | null): Promise<void> {
  await tx.update(backups).set({ expiresAt }).where(eq(backups.id, id));
}

export interface RetainableRow {
  readonly id: string;
  readonly filename: string;
  readonly status: BackupStatus;
  readonly tiers: RunRow['tiers'];
  readonly takenAt: Date;
  readonly isWhole: boolean;
  readonly proof: RunRow['proof'];
  readonly proofFailedAt: Date | null;
  readonly expiresAt: Date | null;
}

/** Every COMPLETED backup of a source as retention sees it. */
export async function retainableBackups(db: Db | Tx, sourceId: string): Promise<readonly RetainableRow[]> {
  return db
    .select({
      id: backups.id,
      filename: backups.filename,
      status: backups.status,
      tiers: backups.tiers,
      takenAt: sql<Date>`coalesce(${backups.startedAt}, ${backups.createdAt})`.mapWith(backups.createdAt),
      isWhole: sql<boolean>`${backups.tables} is null and not ${backups.schemaOnly}`,
      proof: backups.proof,
      proofFailedAt: backups.proofFailedAt,
      expiresAt: backups.expiresAt,
    })
    .from(backups)
    .where(and(eq(backups.status, 'COMPLETED'), eq(backups.sourceId, sourceId)));
}

export async function statusOf(db: Db, id: string): Promise<BackupStatus | null> {
  const [row] = await db.select({ status: backups.status }).from(backups).where(eq(backups.id, id));
  return row?.status ?? null;
}

/** Plain bytes of the newest backup of everything of a source, as the estimate for the next one. */
export async function lastPlainBytes(db: Db, sourceId: string): Promise<number | null> {
  const [row] = await db
    .select({ bytes: backups.plainSizeBytes })
    .from(backups)
    .where(
      and(
        eq(backups.status, 'COMPLETED'),
        eq(backups.sourceId, sourceId),
        isNull(backups.tables),
        eq(backups.schemaOnly, false),
      ),
    )
    .orderBy(desc(backups.createdAt))
    .limit(1);
  return row?.bytes ?? null;
}

export interface DeadRun {
  readonly id: string;
  readonly workerId: string;
}

/** Runs whose worker died. `ownActive` are this process's runs: its other rows are of runs it gave up. */
export async function deadRuns(
  db: Db,
  workerId: string,
  ownActive: readonly string[],
): Promise<readonly DeadRun[]> {
  const rows = await db
    .select({ id: backups.id, workerId: sql<string>`${backups.workerId}` })
    .from(backups)
    .where(and(eq(backups.status, 'IN_PROGRESS'), isOfDeadWorker(backups, workerId)));
  return rows.filter(({ id }) => !ownActive.includes(id));
}

/** Queued runs that nobody took. `isCancelled`: a person asked for their end. */
export async function queuedRuns(
  db: Db,
): Promise<
  readonly { readonly id: string; readonly isCancelled: boolean; readonly cancelRequestedBy: string | null }[]
> {
  return db
    .select({
      id: backups.id,
      isCancelled: sql<boolean>`${backups.cancelRequestedAt} is not null`,
      cancelRequestedBy: backups.cancelRequestedBy,
    })
    .from(backups)
    .where(and(eq(backups.status, 'IN_PROGRESS'), isNull(backups.workerId)))
    .orderBy(asc(backups.createdAt));
}

export async function expiredBackups(db: Db, limit: number): Promise<readonly string[]> {
  const rows = await db
    .select({ id: backups.id })
    .from(backups)
    .where(eq(backups.status, 'EXPIRED'))
    .orderBy(asc(backups.createdAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** The runs workers hold now, and since when the oldest of them runs. */
export async function heldRuns(
  db: Db,
): Promise<readonly { readonly id: string; readonly startedAt: Date }[]> {
  const rows = await db
    .select({ id: backups.id, startedAt: backups.startedAt, createdAt: backups.createdAt })
    .from(backups)
    .where(and(eq(backups.status, 'IN_PROGRESS'), sql`${backups.workerId} is not null`));
  return rows.map(({ id, startedAt, createdAt }) => ({ id, startedAt: startedAt ?? createdAt }));
}

export interface NewScheduledRun {
  readonly sourceId: string;
  readonly filename: string;
  readonly tiers: RunRow['tiers'];
  readonly destinations: RunRow['destinations'];
  readonly isEncrypted: boolean;
  readonly expiresAt: Date | null;
}

/** Adds a queued run of the schedule; returns its id. */
export async function addScheduledRun(tx: Tx, run: NewScheduledRun): Promise<string> {
  const [type] = run.tiers;
  if (type === undefined) throw new TypeError('a run needs a tier');
  const [row] = await tx
    .insert(backups)
    .values({ ...run, type })
    .returning({ id: backups.id });
  if (row === undefined) throw new TypeError('the catalogue returned no row');
  return row.id;
}
