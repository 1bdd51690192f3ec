import { isAbsolute, join, relative } from 'node:path';
import { openCatalogue } from '#db/client.ts';
import { translateCatalogueError } from '#db/errors.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { noteTables } from '#db/queries/backup-table.ts';
import { backupCopies, backups } from '#db/schema/backup.ts';
import type { Destination, Tier } from '#lib/contracts/backup.ts';
import { toAppError, type AppError } from '#lib/core/errors.ts';
import type { ArchiveCopy, ArchiveResult } from '#lib/engine/archive.ts';
import type { Config } from '#lib/platform/config.ts';

interface ScriptRun {
  readonly id: string;
  readonly takenAt: Date;
  readonly tiers: readonly [Tier, ...Tier[]];
  readonly destinations: readonly Destination[];
  readonly tables: readonly string[] | null;
  readonly schemaOnly: boolean;
  /** Where the script wrote, which may not be where the installation keeps its archives. */
  readonly localPath: string;
  /** Whether S3 copies lie in BACKUP_S3_BUCKET, where the console looks for them. */
  readonly isOwnBucket: boolean;
  /** Which script; default `backup.sh`. */
  readonly requestedBy?: string;
  readonly description?: string;
}

interface Outcome {
  readonly result?: ArchiveResult;
  /** Good ones; a failed run has them too where only the upload failed. */
  readonly copies?: readonly ArchiveCopy[];
  readonly error?: AppError;
}

const LATER = 'once it is back, npm run holdfast -- rebuild records it';

const warn = (line: string): void => {
  process.stderr.write(`warning: ${line}\n`);
};

/** The key under which the console finds a copy; null for one in another folder or bucket, which it never could. */
function catalogueKey(
  config: Config,
  { localPath, isOwnBucket }: ScriptRun,
  copy: ArchiveCopy,
): string | null {
  if (copy.destination === 's3') return isOwnBucket ? copy.key : null;
  const key = relative(config.localPath, join(localPath, copy.key));
  return key.startsWith('..') || isAbsolute(key) ? null : key;
}

/**
 * Records a run of the script in the catalogue. The archive does not need the catalogue, so a catalogue that is away or
 * not set up is a warning and never a failure.
 */
export async function recordBackup(config: Config, run: ScriptRun, outcome: Outcome): Promise<void> {
  if (config.databaseUrl === null) {
    warn('DATABASE_URL is not set, so this backup is not recorded in the catalogue');
    return;
  }
  const { result, error } = outcome;
  const script = run.requestedBy ?? 'backup.sh';
  const copies = (outcome.copies ?? []).flatMap((copy) => {
    const key = catalogueKey(config, run, copy);
    return key === null ? [] : [{ ...copy, key }];
  });
  const listed = new Set(copies.map(({ destination }) => destination));
  const says = `so the console does not list this ${listed.size === 0 ? 'backup' : 'copy'}`;
  for (const { destination } of outcome.copies ?? []) {
    if (listed.has(destination)) continue;
    warn(
      destination === 'local'
        ? `${run.localPath} is not under BACKUP_LOCAL_PATH, ${says}`
        : `the bucket of --s3-bucket is not BACKUP_S3_BUCKET, ${says}`,
    );
  }
  if (error === undefined && copies.length === 0) return;
  const catalogue = openCatalogue(config.databaseUrl, {
    applicationName: 'holdfast-backup-sh',
    maxConnections: 1,
  });
  try {
    await catalogue.db.transaction(async (tx) => {
      await tx.insert(backups).values({
        id: run.id,
        filename: result?.filename ?? `${config.filePrefix} (not made)`,
        type: run.tiers[0],
        tiers: [...run.tiers],
        destinations:
          error === undefined ? copies.map(({ destination }) => destination) : [...run.destinations],
        status: error === undefined ? 'COMPLETED' : 'FAILED',
        phase: 'finishing',
        sizeBytes: result?.stored.bytes ?? null,
        checksum: result?.stored.sha256 ?? null,
        plainSizeBytes: result?.plain.bytes ?? null,
        plainChecksum: result?.plain.sha256 ?? null,
        storagePath: (listed.has('local') ? result?.storagePath : copies[0]?.key) ?? null,
        durationMs: result?.durationMs ?? null,
        tableCount: result?.tableCount ?? null,
        manifest: result?.manifest ?? null,
        errorCode: error?.code ?? null,
        errorMessage: error?.message ?? null,
        errorHint: error?.hint ?? null,
        tables: run.tables === null ? null : [...run.tables],
        schemaOnly: run.schemaOnly,
        isEncrypted: config.ageRecipients.length > 0,
        description: run.description ?? null,
        requestedBy: script,
        createdAt: run.takenAt,
        startedAt: run.takenAt,
        finishedAt: new Date(),
        bytesFineAt: error === undefined ? new Date() : null,
      });
      for (const { destination, key, sizeBytes, checkedAt } of copies) {
        await tx
          .insert(backupCopies)
          .values({ backupId: run.id, destination, key, status: 'STORED', sizeBytes, checkedAt });
      }
      if (error === undefined && result !== undefined)
        await noteTables(tx, run.id, run.takenAt, result.manifest);
      const actor = { kind: 'cli', id: script, name: script, role: 'admin' } as const;
      await addAuditEntry(tx, actor, 'backup.create', run.id, {
        filename: result?.filename ?? null,
        status: error === undefined ? 'COMPLETED' : 'FAILED',
      });
    });
  } catch (thrown) {
    const reason = toAppError(translateCatalogueError(thrown));
    warn(
      reason.code === 'catalogue_down'
        ? `the catalogue does not answer, so this backup is not recorded there; ${LATER}`
        : `this backup could not be recorded in the catalogue; ${LATER}`,
    );
  } finally {
    await catalogue.close();
  }
}
