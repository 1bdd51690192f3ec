import { and, eq, sql } from 'drizzle-orm';
import type { BackupStatus, Destination } from '../../lib/contracts/backup.ts';
import type { Tx } from '../client.ts';
import { backupCopies, backups } from '../schema/backup.ts';

/** The copy a restore or a verification was asked to read, and what the catalogue says must be found in it. */
export interface CopyToRead {
  /** Where the copy lies; null when there is none at that destination any more. */
  readonly key: string | null;
  readonly backup: {
    readonly sourceId: string;
    readonly status: BackupStatus;
    readonly stored: { readonly bytes: number; readonly sha256: string } | null;
    readonly manifestChecksum: string | null;
  };
}

/** Null when the backup's row is gone. */
export async function copyToRead(
  tx: Tx,
  { backupId, destination }: { readonly backupId: string; readonly destination: Destination },
): Promise<CopyToRead | null> {
  const [backup] = await tx
    .select({
      sourceId: backups.sourceId,
      status: backups.status,
      bytes: backups.sizeBytes,
      sha256: backups.checksum,
      manifestChecksum: sql<string | null>`${backups.manifest} ->> 'checksum'`,
    })
    .from(backups)
    .where(eq(backups.id, backupId));
  if (backup === undefined) return null;
  const [copy] = await tx
    .select({ key: backupCopies.key })
    .from(backupCopies)
    .where(
      and(
        eq(backupCopies.backupId, backupId),
        eq(backupCopies.destination, destination),
        eq(backupCopies.status, 'STORED'),
      ),
    );
  const { sourceId, status, bytes, sha256, manifestChecksum } = backup;
  return {
    key: copy?.key ?? null,
    backup: {
      sourceId,
      status,
      stored: bytes === null || sha256 === null ? null : { bytes, sha256 },
      manifestChecksum,
    },
  };
}
