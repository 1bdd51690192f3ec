import { and, count, desc, eq, inArray, isNull, isNotNull, ne, or, sql } from 'drizzle-orm';
import type { DrillBackup, DrillCause, DrillObjectives } from '../../lib/contracts/drill.ts';
import type { Db, Tx } from '../client.ts';
import { backupCopies, backups } from '../schema/backup.ts';
import { drills } from '../schema/drill.ts';
import { sources } from '../schema/source.ts';
import { verifications } from '../schema/verification.ts';
import { isWhole } from './backup.ts';
import { insertVerification } from './verification.ts';

export type DrillRecord = typeof drills.$inferSelect;

/** Held to the end of the transaction: of several that would begin a drill, the second sees the first. */
export async function lockDrills(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('holdfast-drills'))`);
}

/** Every column but the report, which may be large, and its signature; with what its verification shows now. */
const shownColumns = {
  id: drills.id,
  sourceId: drills.sourceId,
  sourceName: sources.name,
  cause: drills.cause,
  dueAt: drills.dueAt,
  requestedBy: drills.requestedBy,
  note: drills.note,
  status: drills.status,
  createdAt: drills.createdAt,
  startedAt: drills.startedAt,
  finishedAt: drills.finishedAt,
  objectives: drills.objectives,
  backup: drills.backup,
  verificationId: drills.verificationId,
  place: drills.place,
  measured: drills.measured,
  verdicts: drills.verdicts,
  steps: drills.steps,
  checks: drills.checks,
  errorCode: drills.errorCode,
  errorMessage: drills.errorMessage,
  errorHint: drills.errorHint,
  reportSha256: drills.reportSha256,
  publicKey: drills.publicKey,
  signatureError: drills.signatureError,
  running: {
    startedAt: verifications.startedAt,
    phase: verifications.phase,
    progressBytes: verifications.progressBytes,
    progressTotalBytes: verifications.progressTotalBytes,
    cancelRequestedAt: verifications.cancelRequestedAt,
    passedCount: verifications.passedCount,
    failedCount: verifications.failedCount,
    unknownCount: verifications.unknownCount,
  },
};

const shownDrills = (db: Db | Tx) =>
  db
    .select(shownColumns)
    .from(drills)
    .innerJoin(sources, eq(sources.id, drills.sourceId))
    .leftJoin(verifications, eq(verifications.id, drills.verificationId))
    .$dynamic();
export type ShownDrill = Awaited<ReturnType<typeof shownDrills>>[number];

export async function findShownDrill(db: Db, id: string): Promise<ShownDrill | null> {
  const [row] = await shownDrills(db).where(eq(drills.id, id));
  return row ?? null;
}

/** Newest first; of one source, or of all. */
export async function findShownDrills(
  db: Db,
  {
    page,
    limit,
    source,
  }: { readonly page: number; readonly limit: number; readonly source?: string | undefined },
): Promise<{ readonly rows: readonly ShownDrill[]; readonly total: number }> {
  const wanted = source === undefined ? undefined : eq(drills.sourceId, source);
  const rows = await shownDrills(db)
    .where(wanted)
    .orderBy(desc(drills.createdAt), desc(drills.id))
    .limit(limit)
    .offset((page - 1) * limit);
  const [counted] = await db.select({ total: count() }).from(drills).where(wanted);
  return { rows, total: counted?.total ?? 0 };
}

/** With its report and signature. */
export async function findDrill(db: Db | Tx, id: string): Promise<DrillRecord | null> {
  const [row] = await db.select().from(drills).where(eq(drills.id, id));
  return row ?? null;
}

/** The one of a source that has not ended; null when there is none. */
export async function unfinishedDrillOf(tx: Tx, sourceId: string): Promise<string | null> {
  const [row] = await tx
    .select({ id: drills.id })
    .from(drills)
    .where(and(eq(drills.sourceId, sourceId), eq(drills.status, 'IN_PROGRESS')));
  return row?.id ?? null;
}

export interface EndedDrill {
  readonly status: DrillRecord['status'];
  readonly createdAt: Date;
  readonly errorMessage: string | null;
}

/** The newest of a source that came to a verdict, and the newest that stayed UNKNOWN; null where there is none. */
export async function newestDrillsOf(
  db: Db | Tx,
  sourceId: string,
): Promise<{ readonly judged: EndedDrill | null; readonly unknown: EndedDrill | null }> {
  const newest = async (statuses: ('PASSED' | 'FAILED' | 'UNKNOWN')[]): Promise<EndedDrill | null> => {
    const [row] = await db
      .select({ status: drills.status, createdAt: drills.createdAt, errorMessage: drills.errorMessage })
      .from(drills)
      .where(and(eq(drills.sourceId, sourceId), inArray(drills.status, statuses)))
      .orderBy(desc(drills.createdAt), desc(drills.id))
      .limit(1);
    return row ?? null;
  };
  return { judged: await newest(['PASSED', 'FAILED']), unknown: await newest(['UNKNOWN']) };
}

/**
 * What a recovery would come back from: the newest COMPLETED backup of everything whose proof has not failed and that has a stored
 * copy, with the first of these. Locks its row until the transaction ends. Null when there is none.
 */
export async function lockBackupToComeBackTo(tx: Tx, sourceId: string): Promise<DrillBackup | null> {
  const stored = sql`exists (select from ${backupCopies} c where c.backup_id = ${backups.id} and c.status = 'STORED')`;
  const [row] = await tx
    .select({
      id: backups.id,
      filename: backups.filename,
      createdAt: backups.createdAt,
      takenAt: sql<string | null>`${backups.manifest} ->> 'takenAt'`,
      destinations: backups.destinations,
      bytes: backups.sizeBytes,
      sha256: backups.checksum,
    })
    .from(backups)
    .where(
      and(
        eq(backups.sourceId, sourceId),
        eq(backups.status, 'COMPLETED'),
        isWhole,
        ne(backups.proof, 'FAILED'),
        stored,
      ),
    )
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(1)
    .for('update');
  if (row === undefined) return null;
  const copies = await tx
    .select({ destination: backupCopies.destination })
    .from(backupCopies)
    .where(and(eq(backupCopies.backupId, row.id), eq(backupCopies.status, 'STORED')));
  const places = copies.map(({ destination }) => destination);
  const destination = row.destinations.find((wanted) => places.includes(wanted)) ?? places[0];
  if (destination === undefined) return null;
  const { id, filename, bytes, sha256 } = row;
  return {
    id,
    filename,
    takenAt: row.takenAt ?? row.createdAt.toISOString(),
    destination,
    stored: bytes === null || sha256 === null ? null : { bytes, sha256 },
  };
}

export interface NewDrill {
  readonly sourceId: string;
  readonly cause: DrillCause;
  readonly dueAt: Date | null;
  readonly requestedBy: string | null;
  readonly note: string | null;
  readonly objectives: DrillObjectives;
  readonly backup: DrillBackup | null;
  /** The catalogue's clock unless a test says otherwise. */
  readonly createdAt: Date;
}

/**
 * Adds a drill and, where there is a backup, the verification that it is. The caller holds `lockDrills` and the backup's row, and adds
 * audit entry and job.
 */
export async function insertDrill(
  tx: Tx,
  values: NewDrill,
): Promise<{ readonly id: string; readonly verificationId: string | null }> {
  const { backup, requestedBy } = values;
  const verificationId =
    backup === null
      ? null
      : await insertVerification(tx, {
          backupId: backup.id,
          destination: backup.destination,
          depth: 'restore',
          cause: 'drill',
          requestedBy,
        });
  const [row] = await tx
    .insert(drills)
    .values({ ...values, verificationId })
    .returning({ id: drills.id });
  if (row === undefined) throw new Error('insert returned no row');
  return { id: row.id, verificationId };
}

/** The drill that a verification belongs to, while it has not ended; locked until the transaction ends. */
export async function lockDrillOfVerification(tx: Tx, verificationId: string): Promise<DrillRecord | null> {
  const [row] = await tx
    .select()
    .from(drills)
    .where(and(eq(drills.verificationId, verificationId), eq(drills.status, 'IN_PROGRESS')))
    .for('update');
  return row ?? null;
}

/** Null when it has ended; locked until the transaction ends. */
export async function lockUnfinishedDrill(tx: Tx, id: string): Promise<DrillRecord | null> {
  const [row] = await tx
    .select()
    .from(drills)
    .where(and(eq(drills.id, id), eq(drills.status, 'IN_PROGRESS')))
    .for('update');
  return row ?? null;
}

/** Those that no verification will end: they had no backup, or the verification is over or gone. */
export async function drillsToEnd(db: Db): Promise<readonly string[]> {
  const rows = await db
    .select({ id: drills.id })
    .from(drills)
    .leftJoin(verifications, eq(verifications.id, drills.verificationId))
    .where(
      and(
        eq(drills.status, 'IN_PROGRESS'),
        or(isNull(verifications.id), ne(verifications.status, 'IN_PROGRESS')),
      ),
    );
  return rows.map(({ id }) => id);
}

export async function updateDrill(
  tx: Tx,
  id: string,
  values: Partial<typeof drills.$inferInsert>,
): Promise<void> {
  await tx.update(drills).set(values).where(eq(drills.id, id));
}

/** Ended ones whose report is not signed, oldest first. */
export async function unsignedDrills(db: Db, limit: number): Promise<readonly string[]> {
  const rows = await db
    .select({ id: drills.id })
    .from(drills)
    .where(and(isNotNull(drills.report), isNull(drills.signature)))
    .orderBy(drills.createdAt)
    .limit(limit);
  return rows.map(({ id }) => id);
}
