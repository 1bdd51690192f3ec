import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Destination } from '../contracts/backup.ts';
import { manifestNameOf, Manifest, type ByteCount } from '../contracts/manifest.ts';
import {
  archiveFilename,
  localKey,
  REMOTE_FOLDER,
  remoteKey,
  type ArchiveLayers,
} from '../core/archive-name.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import { countBytes, isSameBytes } from '../pipeline/byte-count.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';

/** A destination opened for one archive. */
export interface Place {
  readonly destination: Destination;
  readonly storage: Storage;
  readonly key: string;
}

/** Where an archive of this name lies at a destination. */
export const keyAt = (destination: Destination, tier: string, takenAt: Date, filename: string): string =>
  destination === 'local' ? localKey(filename) : remoteKey(tier, takenAt, filename);

/** Where the restore kit lies: beside the archives, above the tiers. */
export const kitPrefix = (destination: Destination): string => (destination === 'local' ? '' : REMOTE_FOLDER);

/** What people are told: a full path, or the S3 key. */
export function storagePathOf(
  config: Config,
  { destination, key }: Pick<Place, 'destination' | 'key'>,
): string {
  return destination === 'local' ? join(config.localPath, key) : key;
}

/**
 * The first name of this minute that is free at every destination. Asking each of them also shows, before the dump, whether
 * it can be reached: throws where the first cannot. A further one that cannot is left out of `places` and told as `away`,
 * for a night without that copy is still better than one without any.
 */
export async function choosePlaces(
  config: Config,
  storages: readonly { readonly destination: Destination; readonly storage: Storage }[],
  request: { readonly takenAt: Date; readonly tier: string; readonly layers: ArchiveLayers },
  ctx: StorageContext,
): Promise<{ readonly filename: string; readonly places: readonly Place[]; readonly away: AppError | null }> {
  const [first] = storages;
  let away: AppError | null = null;
  let reached = storages;
  for (let suffix = 1; suffix <= 1000; suffix += 1) {
    const filename = archiveFilename(config.filePrefix, request.takenAt, suffix, request.layers);
    const places = reached.map(({ destination, storage }) => ({
      destination,
      storage,
      key: keyAt(destination, request.tier, request.takenAt, filename),
    }));
    const answers = await Promise.all(
      places.map(async ({ destination, storage, key }) => {
        try {
          const stats = [await storage.stat(ctx, key), await storage.stat(ctx, manifestNameOf(key))];
          return stats.some((stat) => stat !== null) ? 'taken' : 'free';
        } catch (error) {
          if (ctx.signal.aborted || destination === first?.destination) throw error;
          away ??= toAppError(error);
          return 'away';
        }
      }),
    );
    const present = places.filter((_place, index) => answers[index] !== 'away');
    if (!answers.includes('taken')) return { filename, places: present, away };
    reached = present;
  }
  throw new AppError('object_exists', 'a thousand archives of this minute exist already', {
    hint: 'Wait a minute, or look for what takes backups in a loop.',
  });
}

/** Writes the manifest beside its archive and reads it back. */
export async function putManifest(place: Place, text: Buffer, ctx: StorageContext): Promise<void> {
  const key = manifestNameOf(place.key);
  await place.storage.put(ctx, key, Readable.from([text], { objectMode: false }), {
    estimateBytes: text.length,
  });
  const counter = countBytes();
  counter.add(text);
  if (!(await holds(place.storage, key, counter.result(), ctx))) {
    throw new AppError('integrity', `what ${place.destination} storage gave back is not what was written`, {
      hint: 'Do not trust this destination before its disk, memory and network have been checked.',
      fields: { destination: place.destination, key },
    });
  }
}

async function holds(
  storage: Storage,
  key: string,
  expected: ByteCount,
  ctx: StorageContext,
): Promise<boolean> {
  const stat = await storage.stat(ctx, key);
  if (stat?.sizeBytes !== expected.bytes) return false;
  const counter = countBytes();
  for await (const chunk of (await storage.get(ctx, key)) as AsyncIterable<Uint8Array>) counter.add(chunk);
  return isSameBytes(counter.result(), expected);
}

/**
 * Removes an object whose put failed or whose answer got lost, but only if it holds our bytes: another process may have
 * taken the same name in the meantime, and its archive is not ours to remove.
 */
export async function removeIfOurs(
  storage: Storage,
  key: string,
  expected: ByteCount,
  ctx: StorageContext,
): Promise<void> {
  if (await holds(storage, key, expected, ctx)) await storage.remove(ctx, key);
}

/** The id in the manifest beside an archive; null where there is no manifest that can be read. */
export async function idBeside(storage: Storage, key: string, ctx: StorageContext): Promise<string | null> {
  const name = manifestNameOf(key);
  if ((await storage.stat(ctx, name)) === null) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await storage.get(ctx, name)) as AsyncIterable<Uint8Array>) chunks.push(chunk);
  try {
    return Manifest.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))).id;
  } catch {
    return null;
  }
}
