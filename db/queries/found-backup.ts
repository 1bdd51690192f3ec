import { and, eq, inArray, sql } from 'drizzle-orm';
import type { BackupStatus, Destination } from '../../lib/contracts/backup.ts';
import type { Manifest } from '../../lib/contracts/manifest.ts';
import type { Db, Tx } from '../client.ts';
import { backupCopies, backups } from '../schema/backup.ts';
import { noteTables } from './backup-table.ts';

/** Which of these keys the catalogue has as stored copies of backups. */
export async function storedKeys(
  db: Db | Tx,
  destination: Destination,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const rows = await db
    .select({ key: backupCopies.key })
    .from(backupCopies)
    .where(
      and(
        eq(backupCopies.destination, destination),
        eq(backupCopies.status, 'STORED'),
        inArray(backupCopies.key, [...keys]),
      ),
    );
  return new Set(rows.map(({ key }) => key));
}

/** What the catalogue says of a backup whose archive was met. */
export interface KnownBackup {
  readonly status: BackupStatus;
  readonly sourceId: string;
  readonly stored: { readonly bytes: number; readonly sha256: string } | null;
  /** The checksum in its manifest. */
  readonly checksum: string | null;
  /** Of copies in any state, removed ones too. */
  readonly destinations: readonly Destination[];
}

/** Locks the row until the transaction ends, where `tx` is one. Null for a backup that the catalogue does not have. */
export async function knownBackup(tx: Db | Tx, id: string): Promise<KnownBackup | null> {
  const [row] = await tx
    .select({
      status: backups.status,
      sourceId: backups.sourceId,
      bytes: backups.sizeBytes,
      sha256: backups.checksum,
      checksum: sql<string | null>`${backups.manifest} ->> 'checksum'`,
    })
    .from(backups)
    .where(eq(backups.id, id))
    .for('update');
  if (row === undefined) return null;
  const copies = await tx
    .select({ destination: backupCopies.destination })
    .from(backupCopies)
    .where(eq(backupCopies.backupId, id));
  const { bytes, sha256, ...rest } = row;
  return {
    ...rest,
    stored: bytes === null || sha256 === null ? null : { bytes, sha256 },
    destinations: copies.map(({ destination }) => destination),
  };
}

export interface FoundPlace {
  readonly destination: Destination;
  readonly key: string;
}

type FoundArchive = Pick<Manifest, 'id' | 'stored' | 'takenAt'>;

/** Nobody wrote down who asked for it: the manifest does not say. */
const ASKED_BY = 'not known; recorded from its manifest';

/**
 * Adds a COMPLETED backup as its manifest tells of it, with its copies, whose bytes nobody has read yet, and its tables. False
 * where a backup of this id is there, whatever became of it.
 */
export async function insertFoundBackup(
  tx: Tx,
  found: {
    readonly sourceId: string;
    readonly manifest: Manifest;
    /** In order; at least one. */
    readonly places: readonly FoundPlace[];
    readonly storagePath: string;
    readonly expiresAt: Date | null;
  },
): Promise<boolean> {
  const { manifest, places } = found;
  const { id, tiers, stored, plain } = manifest;
  const [type] = tiers;
  if (type === undefined) throw new TypeError('a backup needs a tier');
  const takenAt = new Date(manifest.takenAt);
  const rows = await tx
    .insert(backups)
    .values({
      id,
      sourceId: found.sourceId,
      filename: manifest.archive,
      sizeBytes: stored.bytes,
      checksum: stored.sha256,
      plainSizeBytes: plain.bytes,
      plainChecksum: plain.sha256,
      type,
      tiers,
      destinations: places.map(({ destination }) => destination),
      storagePath: found.storagePath,
      status: 'COMPLETED',
      tableCount: manifest.facts.tableCount,
      description: manifest.description,
      tables: manifest.options.tables,
      schemaOnly: manifest.options.schemaOnly,
      isEncrypted: manifest.encryption !== null,
      requestedBy: ASKED_BY,
      createdAt: takenAt,
      startedAt: takenAt,
      expiresAt: found.expiresAt,
      phase: 'finishing',
      progressBytes: stored.bytes,
      progressTotalBytes: stored.bytes,
      progressPercent: 100,
      manifest,
    })
    .onConflictDoNothing({ target: backups.id })
    .returning({ id: backups.id });
  if (rows.length === 0) return false;
  await insertCopies(tx, manifest, places);
  await noteTables(tx, id, takenAt, manifest);
  return true;
}

async function insertCopies(
  tx: Tx,
  { id, stored, takenAt }: FoundArchive,
  places: readonly FoundPlace[],
): Promise<void> {
  // A copy counts as read when it was written, until somebody reads it. Nobody has read this one since.
  const at = new Date(takenAt).getTime();
  const values = places.map(({ destination, key }, index) => ({
    backupId: id,
    destination,
    key,
    status: 'STORED' as const,
    sizeBytes: stored.bytes,
    createdAt: new Date(at + index),
  }));
  await tx.insert(backupCopies).values(values);
}

/** Adds further copies of a backup that is there. */
export async function insertFoundCopies(
  tx: Tx,
  archive: FoundArchive,
  places: readonly FoundPlace[],
): Promise<void> {
  await insertCopies(tx, archive, places);
  for (const { destination } of places) {
    await tx
      .update(backups)
      .set({ destinations: sql`array_append(${backups.destinations}, ${destination}::destination)` })
      .where(
        and(
          eq(backups.id, archive.id),
          sql`not ${backups.destinations} @> array[${destination}::destination]`,
        ),
      );
  }
}
