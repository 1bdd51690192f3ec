import { BackupId, type Destination, type Tier } from '../contracts/backup.ts';
import { archiveNameOf, type ByteCount, type Manifest } from '../contracts/manifest.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { isSameBytes } from '../pipeline/byte-count.ts';
import { manifestChecksum } from '../pipeline/manifest-checksum.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';
import { needManifestOf, readManifestFile, wrongManifest } from '../verify/manifest-file.ts';
import { kitPrefix } from './archive-place.ts';
import { matchSource, type SourceMarks } from './match-source.ts';

/** A machine whose clock was wrong must not make the newest backup look newer than now for years. */
const AHEAD_MS = 24 * 3_600_000;
/** How many names are asked of the catalogue at once. */
const BATCH = 200;

/** A copy that is whole as far as manifest and size tell, with what is needed to judge it; not its manifest, which may be large. */
export interface FoundCopy {
  readonly destination: Destination;
  /** As the destination listed it. */
  readonly key: string;
  readonly backupId: string;
  readonly sourceId: string;
  readonly filename: string;
  readonly takenAt: Date;
  readonly tiers: readonly Tier[];
  readonly isWhole: boolean;
  readonly stored: ByteCount;
  /** The manifest's own; null where an older version wrote none. */
  readonly checksum: string | null;
}

export type Found =
  | { readonly state: 'copy'; readonly copy: FoundCopy }
  /** The catalogue says that a copy of a backup lies here. */
  | { readonly state: 'known'; readonly key: string }
  /** It went while it was looked at. */
  | { readonly state: 'gone'; readonly key: string }
  | { readonly state: 'refused'; readonly key: string; readonly error: AppError };

const baseName = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/**
 * The manifest beside the archive `key`, for an archive that may be recorded: as it was written, of this archive, and the archive has
 * its size. Null where the manifest is gone. Throws why it may not.
 */
export async function readRecordable(
  storage: Storage,
  key: string,
  manifestKey: string,
  now: Date,
  ctx: StorageContext,
): Promise<Manifest | null> {
  const file = await readManifestFile(storage, manifestKey, ctx);
  if (file === null) return null;
  const { document, manifest } = file;
  needManifestOf(baseName(key), manifest);
  if (manifest.checksum !== undefined && manifest.checksum !== manifestChecksum(document))
    throw wrongManifest('the manifest was changed after it was written');
  // Another spelling of an id would be another backup to whoever compares the two.
  if (!BackupId.safeParse(manifest.id).success || manifest.id !== manifest.id.toLowerCase())
    throw wrongManifest('the manifest has no id of a backup');
  if (Date.parse(manifest.takenAt) > now.getTime() + AHEAD_MS) {
    throw new AppError(
      'integrity',
      `the manifest says that it was taken in the future, ${manifest.takenAt}`,
      {
        hint: 'Check the clock of the machine that took it. It can be restored from by hand.',
      },
    );
  }
  const archive = await storage.stat(ctx, key);
  if (archive === null) {
    throw new AppError('object_missing', 'there is no archive beside this manifest', {
      hint: 'Look who removed it. Where it lies elsewhere, bring it back; else remove the manifest.',
    });
  }
  if (archive.sizeBytes !== manifest.stored.bytes) {
    throw new AppError(
      'integrity',
      `the archive has ${String(archive.sizeBytes)} bytes, its manifest says ${String(manifest.stored.bytes)}`,
      { hint: 'It was cut or replaced, and cannot be restored from as it is. Look for another copy of it.' },
    );
  }
  return manifest;
}

/** Whether an error says something of one object, and not of the destination or of us. */
const isOfObject = ({ code }: AppError): boolean =>
  !['bug', 'storage_unreachable', 'catalogue_down', 'config'].includes(code);

/**
 * Looks at every manifest of a destination, in the order in which it lists them. What is wrong with one is found and stops nothing;
 * throws where the destination cannot be read on. `knownKeys` says which of these archives the catalogue has as stored copies: their
 * manifests are not read.
 */
export async function* findArchives(
  { destination, storage }: { readonly destination: Destination; readonly storage: Storage },
  sources: readonly SourceMarks[],
  now: Date,
  knownKeys: (keys: readonly string[]) => Promise<ReadonlySet<string>>,
  ctx: StorageContext,
): AsyncGenerator<Found> {
  const look = async (key: string, manifestKey: string): Promise<Found> => {
    try {
      const manifest = await readRecordable(storage, key, manifestKey, now, ctx);
      if (manifest === null) return { state: 'gone', key };
      const { kind, database } = manifest.source;
      const filename = baseName(key);
      return {
        state: 'copy',
        copy: {
          destination,
          key,
          backupId: manifest.id,
          sourceId: matchSource(sources, { kind, database, filename }).id,
          filename,
          takenAt: new Date(manifest.takenAt),
          tiers: manifest.tiers,
          isWhole: manifest.options.tables === null && !manifest.options.schemaOnly,
          stored: manifest.stored,
          checksum: manifest.checksum ?? null,
        },
      };
    } catch (thrown) {
      ctx.signal.throwIfAborted();
      const error = toAppError(thrown);
      if (!isOfObject(error)) throw thrown;
      return { state: 'refused', key, error };
    }
  };
  async function* judge(
    batch: readonly (readonly [key: string, manifestKey: string])[],
  ): AsyncGenerator<Found> {
    const known = await knownKeys(batch.map(([key]) => key));
    for (const [key, manifestKey] of batch)
      yield known.has(key) ? { state: 'known', key } : await look(key, manifestKey);
  }
  let batch: (readonly [string, string])[] = [];
  for await (const object of storage.list(ctx, kitPrefix(destination))) {
    const key = archiveNameOf(object.key);
    if (key === null || baseName(key) === '') continue;
    batch.push([key, object.key]);
    if (batch.length < BATCH) continue;
    yield* judge(batch);
    batch = [];
  }
  yield* judge(batch);
}

/** Whether two copies are of one and the same archive. */
export const isSameArchive = (
  a: Pick<FoundCopy, 'stored' | 'checksum'>,
  b: Pick<FoundCopy, 'stored' | 'checksum'>,
): boolean => isSameBytes(a.stored, b.stored) && a.checksum === b.checksum;
