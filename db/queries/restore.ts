import { and, asc, desc, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm';
import type { BackupStatus, Destination } from '../../lib/contracts/backup.ts';
import type { ExchangeStep } from '../../lib/contracts/path.ts';
import type { RestoreMode, RestorePhase, RestorePlan } from '../../lib/contracts/restore.ts';
import type { SourceKind } from '../../lib/core/source-kind.ts';
import type { Check } from '../../lib/contracts/verification.ts';
import type { Config } from '../../lib/platform/config.ts';
import type { Db, Tx } from '../client.ts';
import { backups } from '../schema/backup.ts';
import { restores } from '../schema/restore.ts';
import { verifications } from '../schema/verification.ts';
import { copyToRead, type CopyToRead } from './copy-to-read.ts';
import { isOfDeadWorker } from './worker.ts';

export type RestoreRecord = typeof restores.$inferSelect;
export type ShownRestore = RestoreRecord & {
  readonly backupFilename: string;
  readonly sourceKind: SourceKind;
};

const filename = sql<string>`(select b.filename from backups b where b.id = "restores"."backup_id")`;
const sourceKind = sql<SourceKind>`(select s.kind from sources s where s.id = "restores"."source_id")`;

export async function findRestore(db: Db | Tx, id: string): Promise<ShownRestore | null> {
  const [row] = await db
    .select({ restore: restores, filename, sourceKind })
    .from(restores)
    .where(eq(restores.id, id));
  return row === undefined
    ? null
    : { ...row.restore, backupFilename: row.filename, sourceKind: row.sourceKind };
}

/** Newest first. */
export async function findRestores(db: Db, limit: number): Promise<readonly ShownRestore[]> {
  const rows = await db
    .select({ restore: restores, filename, sourceKind })
    .from(restores)
    .orderBy(desc(restores.createdAt), desc(restores.id))
    .limit(limit);
  return rows.map((row) => ({ ...row.restore, backupFilename: row.filename, sourceKind: row.sourceKind }));
}

/** Locks the row until the transaction ends. */
export async function lockRestore(tx: Tx, id: string): Promise<RestoreRecord | null> {
  const [row] = await tx.select().from(restores).where(eq(restores.id, id)).for('update');
  return row ?? null;
}

export interface NewRestore {
  readonly sourceId: string;
  readonly backupId: string;
  readonly destination: Destination;
  readonly mode: RestoreMode;
  readonly targetDatabase: string;
  readonly environment: Config['environment'];
  readonly plan: RestorePlan;
  readonly reason: string | null;
  readonly requestedBy: string;
}

/** Adds a waiting restore; null while another one has this target. */
export async function insertRestore(tx: Tx, values: NewRestore): Promise<string | null> {
  const [row] = await tx.insert(restores).values(values).onConflictDoNothing().returning({ id: restores.id });
  return row?.id ?? null;
}

/** The one that waits or runs for this target of these sources, or for a path inside of it or above it. */
export async function unfinishedRestoreOf(
  db: Db | Tx,
  sourceIds: readonly string[],
  targetDatabase: string,
): Promise<string | null> {
  const [row] = await db
    .select({ id: restores.id })
    .from(restores)
    .where(
      and(
        inArray(restores.sourceId, [...sourceIds]),
        or(
          eq(restores.targetDatabase, targetDatabase),
          sql`starts_with(${restores.targetDatabase}, ${`${targetDatabase}/`})`,
          sql`starts_with(${targetDatabase}, ${restores.targetDatabase} || '/')`,
        ),
        eq(restores.status, 'IN_PROGRESS'),
      ),
    )
    .limit(1);
  return row?.id ?? null;
}

/** A restore that reads this backup, or waits to; one whose copy is restored needs it no more. */
export async function findReadingRestore(
  tx: Tx,
  backupId: string,
): Promise<Pick<RestoreRecord, 'id' | 'targetDatabase'> | null> {
  const [row] = await tx
    .select({ id: restores.id, targetDatabase: restores.targetDatabase })
    .from(restores)
    .where(
      and(
        eq(restores.backupId, backupId),
        eq(restores.status, 'IN_PROGRESS'),
        ne(restores.phase, 'ready'),
        isNull(restores.swapRequestedAt),
        isNull(restores.undoRequestedAt),
      ),
    )
    .limit(1);
  return row ?? null;
}

/** Whether a restore to the server of this source waits or runs. */
export async function hasUnfinishedRestore(tx: Tx, sourceId: string): Promise<boolean> {
  const rows = await tx
    .select({ id: restores.id })
    .from(restores)
    .where(and(eq(restores.sourceId, sourceId), eq(restores.status, 'IN_PROGRESS')))
    .limit(1);
  return rows.length > 0;
}

export async function requestRestoreCancel(tx: Tx, id: string, by: string): Promise<void> {
  await tx
    .update(restores)
    .set({ cancelRequestedAt: sql`coalesce(cancel_requested_at, now())`, cancelRequestedBy: by })
    .where(eq(restores.id, id));
}

const nothingWrong = { errorCode: null, errorMessage: null, errorHint: null };

/** What every restore is that waits for a worker to exchange databases. */
const waitsForExchange = {
  status: 'IN_PROGRESS',
  workerId: null,
  heartbeatAt: null,
  phase: 'queued',
  cancelRequestedAt: null,
  cancelRequestedBy: null,
  ...nothingWrong,
} as const;

/** The copy is to be swapped in, for the first time or again after an undo. The caller holds the row. */
export async function requestSwap(tx: Tx, id: string, by: string): Promise<void> {
  await tx
    .update(restores)
    .set({
      ...waitsForExchange,
      swapRequestedAt: sql`now()`,
      swapRequestedBy: by,
      keptDatabase: null,
      swappedAt: null,
      interruptionMs: null,
      undoRequestedAt: null,
      undoRequestedBy: null,
      undoneAt: null,
    })
    .where(eq(restores.id, id));
}

/** What was swapped in, or replaced others, is to be put aside again. The caller holds the row. */
export async function requestUndo(
  tx: Tx,
  id: string,
  by: string,
  how: { readonly reason: string | null; readonly acceptsChanges: boolean },
): Promise<void> {
  await tx
    .update(restores)
    .set({
      ...waitsForExchange,
      undoRequestedAt: sql`now()`,
      undoRequestedBy: by,
      undoReason: how.reason,
      undoAcceptsChanges: how.acceptsChanges,
    })
    .where(eq(restores.id, id));
}

/** What a worker that takes the row is to do. */
export type RestoreTask = 'restore' | 'swap' | 'undo';

export const taskOf = (row: Pick<RestoreRecord, 'undoRequestedAt' | 'swapRequestedAt'>): RestoreTask =>
  row.undoRequestedAt !== null ? 'undo' : row.swapRequestedAt !== null ? 'swap' : 'restore';

/** What a worker shows that has taken the row. */
export const firstPhaseOf = (
  row: Pick<RestoreRecord, 'undoRequestedAt' | 'swapRequestedAt' | 'mode'>,
): RestorePhase =>
  taskOf(row) === 'restore' ? 'preparing' : row.mode === 'tables' ? 'finishing' : 'swapping';

export type RestoreClaim =
  | ({ readonly state: 'claimed'; readonly task: RestoreTask; readonly run: RestoreRecord } & CopyToRead)
  /** Somebody took it, it is over, or it waits for a person. */
  | { readonly state: 'gone' };

/** Takes a waiting restore for a worker; one that was cancelled too, so that what it left can be removed. */
export async function claimRestore(tx: Tx, id: string, workerId: string): Promise<RestoreClaim> {
  const row = await lockRestore(tx, id);
  if (row === null || row.status !== 'IN_PROGRESS' || row.workerId !== null) return { state: 'gone' };
  if (row.phase === 'ready' && row.cancelRequestedAt === null) return { state: 'gone' };
  const [run] = await tx
    .update(restores)
    .set({
      workerId,
      startedAt: sql`coalesce(started_at, now())`,
      heartbeatAt: sql`now()`,
      phase: firstPhaseOf(row),
    })
    .where(eq(restores.id, id))
    .returning();
  const copy = await copyToRead(tx, row);
  if (run === undefined || copy === null) return { state: 'gone' };
  return { state: 'claimed', task: taskOf(row), run, ...copy };
}

/** Still ours: claimed by this worker and not taken away. Every write of a run is fenced by this. */
const held = (id: string, workerId: string) =>
  and(eq(restores.id, id), eq(restores.workerId, workerId), eq(restores.status, 'IN_PROGRESS'));

/** How far a running restore has come. */
export interface RestoreProgress {
  readonly phase: RestorePhase;
  readonly progressTable: string | null;
  readonly tablesDone: number;
  readonly tableCount: number;
  readonly progressPercent: number;
  readonly etaSeconds: number | null;
  /** Absent where nothing was found since the last time. */
  readonly findings?: { readonly checks: readonly Check[]; readonly log: string } | undefined;
}

/** A sign of life. Null when the restore is no longer this worker's. */
export async function beatRestore(
  db: Db,
  id: string,
  workerId: string,
  { findings, ...progress }: RestoreProgress,
): Promise<{
  readonly cancelRequested: boolean;
  readonly cancelRequestedBy: string | null;
  readonly backupStatus: BackupStatus;
} | null> {
  const [row] = await db
    .update(restores)
    .set({
      ...progress,
      heartbeatAt: sql`now()`,
      ...(findings === undefined ? {} : { checks: [...findings.checks], log: findings.log }),
    })
    .where(held(id, workerId))
    .returning({
      at: restores.cancelRequestedAt,
      by: restores.cancelRequestedBy,
      backupStatus: sql<BackupStatus>`(select b.status from backups b where b.id = "restores"."backup_id")`,
    });
  if (row === undefined) return null;
  return { cancelRequested: row.at !== null, cancelRequestedBy: row.by, backupStatus: row.backupStatus };
}

/** What is about to happen, and names of databases before they exist. False when the restore is no longer this worker's. */
export async function noteDatabases(
  db: Db,
  id: string,
  workerId: string,
  {
    moves,
    ...names
  }: {
    readonly copyDatabase?: string;
    readonly keptDatabase?: string;
    readonly moves?: readonly ExchangeStep[];
    readonly phase: RestorePhase;
  },
  findings: { readonly checks: readonly Check[]; readonly log: string },
): Promise<boolean> {
  const rows = await db
    .update(restores)
    .set({
      ...names,
      ...(moves === undefined ? {} : { moves: [...moves] }),
      checks: [...findings.checks],
      log: findings.log,
      heartbeatAt: sql`now()`,
    })
    .where(held(id, workerId))
    .returning({ id: restores.id });
  return rows.length > 0;
}

/** What is written when a worker is done with a row, whatever it did. */
export interface RestoreResult {
  readonly status: RestoreRecord['status'];
  /** `ready` lets an IN_PROGRESS one wait for a person. */
  readonly phase?: RestorePhase;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
  readonly copyDatabase?: string | null;
  readonly keptDatabase?: string | null;
  readonly proven?: boolean;
  readonly restoreMs?: number;
  /** `now`: this very instant. */
  readonly swappedAt?: 'now';
  readonly interruptionMs?: number | null;
  readonly undoneAt?: 'now';
  /** What was asked for was not done: it can be asked for again. */
  readonly takesRequestBack?: boolean;
  readonly checks?: readonly Check[];
  readonly log: string;
}

/**
 * Ends what a worker did with a row, or takes it from a dead one. `lost` when it is not in that state any more, `already` when an
 * earlier try of the same write arrived although its answer did not.
 */
export async function settleRestore(
  tx: Tx,
  id: string,
  workerId: string,
  result: RestoreResult,
): Promise<'settled' | 'already' | 'lost'> {
  const {
    status,
    phase = 'finishing',
    error,
    checks,
    swappedAt,
    undoneAt,
    takesRequestBack,
    ...rest
  } = result;
  const isOver = status !== 'IN_PROGRESS';
  const rows = await tx
    .update(restores)
    .set({
      ...rest,
      status,
      phase,
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
      errorHint: error?.hint ?? null,
      ...(checks === undefined ? {} : { checks: [...checks] }),
      ...(swappedAt === undefined ? {} : { swappedAt: sql`now()` }),
      ...(undoneAt === undefined ? {} : { undoneAt: sql`now()` }),
      ...(takesRequestBack === true
        ? { swapRequestedAt: null, swapRequestedBy: null, undoRequestedAt: null, undoRequestedBy: null }
        : {}),
      ...(isOver
        ? {
            finishedAt: sql`coalesce(finished_at, now())`,
            durationMs: sql`coalesce(duration_ms, least((extract(epoch from clock_timestamp() - started_at) * 1000)::bigint, 2147483647)::integer)`,
          }
        : { workerId: null, heartbeatAt: null }),
      progressTable: null,
      etaSeconds: null,
    })
    .where(held(id, workerId))
    .returning({ id: restores.id });
  if (rows.length > 0) return 'settled';
  const [seen] = await tx
    .select({ status: restores.status, phase: restores.phase, workerId: restores.workerId })
    .from(restores)
    .where(eq(restores.id, id));
  const isOurs = seen?.status === status && (seen.workerId === workerId || (!isOver && seen.phase === phase));
  return isOurs ? 'already' : 'lost';
}

/** Restores whose worker died. `ownActive` are this process's. */
export async function deadRestores(
  db: Db,
  workerId: string,
  ownActive: readonly string[],
): Promise<readonly RestoreRecord[]> {
  const rows = await db
    .select()
    .from(restores)
    .where(and(eq(restores.status, 'IN_PROGRESS'), isOfDeadWorker(restores, workerId)))
    .orderBy(asc(restores.createdAt));
  return rows.filter(({ id }) => !ownActive.includes(id));
}

/** A dead worker's restore becomes this worker's, so that two do not mend it at once. */
export async function takeOverRestore(
  db: Db,
  id: string,
  deadWorkerId: string,
  workerId: string,
): Promise<boolean> {
  const rows = await db
    .update(restores)
    .set({ workerId, heartbeatAt: sql`now()` })
    .where(held(id, deadWorkerId))
    .returning({ id: restores.id });
  return rows.length > 0;
}

/** Restores that wait for a worker, oldest first; not those that wait for a person. */
export async function waitingRestores(db: Db): Promise<readonly string[]> {
  const rows = await db
    .select({ id: restores.id })
    .from(restores)
    .where(
      and(
        eq(restores.status, 'IN_PROGRESS'),
        isNull(restores.workerId),
        sql`(${restores.phase} <> 'ready' or ${restores.cancelRequestedAt} is not null)`,
      ),
    )
    .orderBy(asc(restores.createdAt));
  return rows.map(({ id }) => id);
}

const isLeft = sql`(${restores.status} = 'FAILED' or (${restores.status} = 'COMPLETED' and ${restores.mode} = 'tables'))`;

/** Copies that nobody is to keep: of FAILED restores, and of chosen tables, which were brought over. */
export async function leftCopies(
  db: Db,
): Promise<readonly { readonly id: string; readonly sourceId: string; readonly copyDatabase: string }[]> {
  return db
    .select({
      id: restores.id,
      sourceId: restores.sourceId,
      copyDatabase: sql<string>`${restores.copyDatabase}`,
    })
    .from(restores)
    .where(and(isLeft, isNotNull(restores.copyDatabase)))
    .orderBy(asc(restores.createdAt))
    .limit(50);
}

export async function forgetCopy(db: Db, id: string): Promise<void> {
  await db
    .update(restores)
    .set({ copyDatabase: null })
    .where(and(eq(restores.id, id), isLeft));
}

/** Enough for one of about the same size to be among them, where databases of different sizes are backed up. */
const MEASURED_LIMIT = 50;

/** Bytes of dumps and how long they took to come back, decoding and comparing included; the newest measurements. */
export async function measuredRestores(
  db: Db,
): Promise<readonly { readonly bytes: number; readonly durationMs: number }[]> {
  return db
    .select({
      bytes: sql<number>`${backups.plainSizeBytes}`.mapWith(Number),
      durationMs: sql<number>`${verifications.durationMs}`.mapWith(Number),
    })
    .from(verifications)
    .innerJoin(backups, eq(backups.id, verifications.backupId))
    .where(
      and(
        eq(verifications.depth, 'restore'),
        eq(verifications.status, 'PASSED'),
        isNotNull(backups.plainSizeBytes),
        isNotNull(verifications.durationMs),
      ),
    )
    .orderBy(desc(verifications.finishedAt))
    .limit(MEASURED_LIMIT);
}

/** Whether a backup of this source is queued or being taken. */
export async function isBackupUnfinished(db: Db, sourceId: string): Promise<boolean> {
  const rows = await db
    .select({ id: backups.id })
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, 'IN_PROGRESS')))
    .limit(1);
  return rows.length > 0;
}
