import { and, asc, desc, eq, gt, isNull, lte, ne, sql, type SQL } from 'drizzle-orm';
import type { Destination } from '../../lib/contracts/backup.ts';
import type { Manifest } from '../../lib/contracts/manifest.ts';
import type { VerificationStatus } from '../../lib/contracts/verification.ts';
import type { SourceKind } from '../../lib/core/source-kind.ts';
import type { Db, Tx } from '../client.ts';
import { backupCopies, backups } from '../schema/backup.ts';

/** How the newest verification of a backup stands or ended. */
export interface LastVerification {
  readonly status: VerificationStatus;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorHint: string | null;
}
export type BackupRecord = Omit<typeof backups.$inferSelect, 'manifest'> & {
  readonly sourceName: string;
  readonly sourceKind: SourceKind;
  /** Null when there was none. */
  readonly lastVerification: LastVerification | null;
};
export type CopyRecord = typeof backupCopies.$inferSelect;

// Written out, because drizzle leaves the table's name away where a query has but one. Not a join: rows that a page skips
// over need no look at it.
const lastVerification = sql<LastVerification | null>`(
  select jsonb_build_object('status', v.status, 'errorCode', v.error_code, 'errorMessage', v.error_message,
                            'errorHint', v.error_hint)
    from verifications v where v.id = "backups"."last_verification_id")`;

const sourceName = sql<string>`(select s.name from sources s where s.id = "backups"."source_id")`;
const sourceKind = sql<SourceKind>`(select s.kind from sources s where s.id = "backups"."source_id")`;

/** Every column but the manifest, which lists every table and is read by nobody here. */
export const backupColumns = {
  id: backups.id,
  sourceId: backups.sourceId,
  sourceName,
  sourceKind,
  filename: backups.filename,
  sizeBytes: backups.sizeBytes,
  checksum: backups.checksum,
  plainSizeBytes: backups.plainSizeBytes,
  plainChecksum: backups.plainChecksum,
  type: backups.type,
  tiers: backups.tiers,
  destinations: backups.destinations,
  storagePath: backups.storagePath,
  status: backups.status,
  durationMs: backups.durationMs,
  tableCount: backups.tableCount,
  errorCode: backups.errorCode,
  errorMessage: backups.errorMessage,
  errorHint: backups.errorHint,
  description: backups.description,
  tables: backups.tables,
  schemaOnly: backups.schemaOnly,
  isEncrypted: backups.isEncrypted,
  requestedBy: backups.requestedBy,
  createdAt: backups.createdAt,
  startedAt: backups.startedAt,
  finishedAt: backups.finishedAt,
  expiresAt: backups.expiresAt,
  deletedAt: backups.deletedAt,
  workerId: backups.workerId,
  heartbeatAt: backups.heartbeatAt,
  phase: backups.phase,
  progressBytes: backups.progressBytes,
  progressTotalBytes: backups.progressTotalBytes,
  progressPercent: backups.progressPercent,
  progressBytesPerSecond: backups.progressBytesPerSecond,
  cancelRequestedAt: backups.cancelRequestedAt,
  cancelRequestedBy: backups.cancelRequestedBy,
  proof: backups.proof,
  provenAt: backups.provenAt,
  bytesFineAt: backups.bytesFineAt,
  proofFailedAt: backups.proofFailedAt,
  recoveryMs: backups.recoveryMs,
  lastVerificationId: backups.lastVerificationId,
  lastVerification,
};

/** The instant the catalogue's clock shows: what is due, young or old is judged by it. */
export async function catalogueNow(db: Db | Tx): Promise<Date> {
  const [row] = await db.execute<{ ms: string }>(
    sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as ms`,
  );
  return new Date(Number(row?.ms));
}

export async function findBackup(db: Db | Tx, id: string): Promise<BackupRecord | null> {
  const [row] = await db.select(backupColumns).from(backups).where(eq(backups.id, id));
  return row ?? null;
}

/** Null when there is no such backup. */
export async function sourceOfBackup(db: Db | Tx, id: string): Promise<string | null> {
  const [row] = await db.select({ sourceId: backups.sourceId }).from(backups).where(eq(backups.id, id));
  return row?.sourceId ?? null;
}

/** Locks the row until the transaction ends. */
export async function lockBackup(tx: Tx, id: string): Promise<BackupRecord | null> {
  const [row] = await tx.select(backupColumns).from(backups).where(eq(backups.id, id)).for('update');
  return row ?? null;
}

export async function findCopies(db: Db | Tx, backupId: string): Promise<CopyRecord[]> {
  return db
    .select()
    .from(backupCopies)
    .where(eq(backupCopies.backupId, backupId))
    .orderBy(asc(backupCopies.createdAt), asc(backupCopies.destination));
}

/** Triggers stand in line here, so that each sees what the one before it did. */
export async function lockTriggers(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-trigger'))`);
}

/**
 * When the newest manual backup of this source was asked for that did not fail: the one the hourly limit counts from. What was
 * taken for a restore's safety, known by `safetyPrefix`, was asked for by nobody.
 */
export async function newestManualAt(tx: Tx, sourceId: string, safetyPrefix: string): Promise<Date | null> {
  const [row] = await tx
    .select({ at: backups.createdAt })
    .from(backups)
    .where(
      and(
        eq(backups.sourceId, sourceId),
        eq(backups.type, 'MANUAL'),
        ne(backups.status, 'FAILED'),
        sql`not starts_with(${backups.filename}, ${`${safetyPrefix}_`})`,
      ),
    )
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(1);
  return row?.at ?? null;
}

/** Queued or running, newest first; of this source, or of any. */
export async function findRunning(db: Db | Tx, sourceId?: string): Promise<BackupRecord[]> {
  return db
    .select(backupColumns)
    .from(backups)
    .where(
      and(
        eq(backups.status, 'IN_PROGRESS'),
        sourceId === undefined ? undefined : eq(backups.sourceId, sourceId),
      ),
    )
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(20);
}

export interface NewManualBackup {
  readonly sourceId: string;
  readonly filename: string;
  readonly destinations: Destination[];
  readonly description: string | null;
  readonly tables: string[] | null;
  readonly schemaOnly: boolean;
  readonly isEncrypted: boolean;
  readonly requestedBy: string;
}

export async function insertManualBackup(tx: Tx, values: NewManualBackup): Promise<string> {
  const [row] = await tx
    .insert(backups)
    .values({ ...values, type: 'MANUAL', tiers: ['MANUAL'] })
    .returning({ id: backups.id });
  if (!row) throw new Error('insert returned no row');
  return row.id;
}

export async function requestCancel(tx: Tx, id: string, by: string): Promise<void> {
  await tx
    .update(backups)
    .set({ cancelRequestedAt: sql`coalesce(cancel_requested_at, now())`, cancelRequestedBy: by })
    .where(eq(backups.id, id));
}

export async function markExpired(tx: Tx, id: string): Promise<void> {
  await tx.update(backups).set({ status: 'EXPIRED' }).where(eq(backups.id, id));
}

/** Holds everything the plan backs up: some tables alone, or a schema without rows, bring no application back. */
export const isWhole = and(isNull(backups.tables), eq(backups.schemaOnly, false));

const newest = [desc(backups.createdAt), desc(backups.id)];

async function firstCompleted(
  db: Db | Tx,
  sourceId: string,
  condition: SQL | undefined,
  order: SQL[],
): Promise<BackupRecord | null> {
  const [row] = await db
    .select(backupColumns)
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, 'COMPLETED'), condition))
    .orderBy(...order)
    .limit(1);
  return row ?? null;
}

const takenAfter = (after: Date | null): SQL | undefined =>
  after === null ? undefined : gt(backups.createdAt, after);

/**
 * The newest COMPLETED backup of everything in a source whose proof has not failed, taken no later than `before` where that is given:
 * the restore point. Null when there is none.
 */
export async function findNewestGood(
  db: Db | Tx,
  sourceId: string,
  before: Date | null = null,
): Promise<BackupRecord | null> {
  const isInTime = before === null ? undefined : lte(backups.createdAt, before);
  return firstCompleted(db, sourceId, and(isWhole, ne(backups.proof, 'FAILED'), isInTime), newest);
}

/** The newest COMPLETED backup of a source whose proof has not failed, whatever it holds; null when there is none. */
export async function findNewestCompleted(db: Db | Tx, sourceId: string): Promise<BackupRecord | null> {
  return firstCompleted(db, sourceId, ne(backups.proof, 'FAILED'), newest);
}

/** The newest COMPLETED backup of everything in a source whose proof stands; null when there is none. */
export async function findNewestProven(db: Db | Tx, sourceId: string): Promise<BackupRecord | null> {
  return firstCompleted(db, sourceId, and(isWhole, eq(backups.proof, 'PROVEN')), newest);
}

/** The newest COMPLETED backup of everything in a source that was taken after this instant and whose proof failed; null when there is none. */
export async function findNewestProofFailed(
  db: Db | Tx,
  sourceId: string,
  after: Date | null,
): Promise<BackupRecord | null> {
  return firstCompleted(db, sourceId, and(isWhole, eq(backups.proof, 'FAILED'), takenAfter(after)), newest);
}

/** The oldest good backup of everything in a source that was taken after this instant and never verified; null when there is none. */
export async function findOldestUnproven(
  db: Db | Tx,
  sourceId: string,
  after: Date | null,
): Promise<BackupRecord | null> {
  return firstCompleted(db, sourceId, and(isWhole, eq(backups.proof, 'NEVER'), takenAfter(after)), [
    asc(backups.createdAt),
    asc(backups.id),
  ]);
}

/** Undefined when there is no such backup, null when it has no manifest (a failed one, a running one). */
export async function findManifest(db: Db, id: string): Promise<Manifest | null | undefined> {
  const [row] = await db.select({ manifest: backups.manifest }).from(backups).where(eq(backups.id, id));
  return row?.manifest;
}

/** The newest backup of a source after this instant that failed by itself, and the newest that a person cancelled; null where there is none. */
export async function findNewestFailed(
  db: Db | Tx,
  sourceId: string,
  after: Date | null,
): Promise<BackupRecord | null> {
  return newestFailedWhere(db, sourceId, after, sql`${backups.errorCode} is distinct from 'cancelled'`);
}
export async function findNewestCancelled(
  db: Db | Tx,
  sourceId: string,
  after: Date | null,
): Promise<BackupRecord | null> {
  return newestFailedWhere(db, sourceId, after, eq(backups.errorCode, 'cancelled'));
}

async function newestFailedWhere(
  db: Db | Tx,
  sourceId: string,
  after: Date | null,
  condition: SQL,
): Promise<BackupRecord | null> {
  const [row] = await db
    .select(backupColumns)
    .from(backups)
    .where(and(eq(backups.sourceId, sourceId), eq(backups.status, 'FAILED'), takenAfter(after), condition))
    .orderBy(...newest)
    .limit(1);
  return row ?? null;
}

/** The newest backups of any state, newest first; of this source, or of any. */
export async function findRecent(db: Db, limit: number, sourceId?: string): Promise<BackupRecord[]> {
  return db
    .select(backupColumns)
    .from(backups)
    .where(sourceId === undefined ? undefined : eq(backups.sourceId, sourceId))
    .orderBy(...newest)
    .limit(limit);
}
