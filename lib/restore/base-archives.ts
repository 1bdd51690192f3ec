import type { Destination } from '../contracts/backup.ts';
import { BASE_MANIFEST_ENDING, BaseManifest, baseManifestNameOf } from '../contracts/base-manifest.ts';
import { BASE_FOLDER } from '../core/base-name.ts';
import { REMOTE_FOLDER } from '../core/archive-name.ts';
import { AppError } from '../core/errors.ts';
import { manifestChecksum } from '../pipeline/manifest-checksum.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';

const MAX_BYTES = 1024 * 1024;

/** A base archive that is finished, and whose manifest is as it was written. */
export interface BaseArchive {
  readonly key: string;
  readonly manifest: BaseManifest;
}

const wrong = (key: string, what: string): AppError =>
  new AppError('integrity', `${baseManifestNameOf(key)} ${what}`, {
    hint: 'Do not count on this base archive: use another one, and take a new one.',
  });

/** Throws `object_missing` where no manifest lies beside it, and `integrity` or `tool_version` where that cannot be believed. */
export async function readBase(storage: Storage, key: string, ctx: StorageContext): Promise<BaseArchive> {
  const name = baseManifestNameOf(key);
  const stat = await storage.stat(ctx, name);
  if (stat === null) {
    throw new AppError('object_missing', `there is no ${name}`, {
      hint: 'Name a base archive (….tar.zst) that has its .base.json beside it; --list shows what there is.',
    });
  }
  if (stat.sizeBytes > MAX_BYTES) throw wrong(key, 'is larger than any can be');
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await storage.get(ctx, name)) as AsyncIterable<Uint8Array>) chunks.push(chunk);
  let document: unknown;
  try {
    document = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw wrong(key, 'is no JSON document');
  }
  if (typeof document !== 'object' || document === null) throw wrong(key, 'is no manifest');
  if ('format' in document && typeof document.format === 'number' && document.format > 1) {
    throw new AppError('tool_version', `${name} was written by a newer Holdfast`, {
      hint: 'Restore it with the version that made it, or a newer one.',
    });
  }
  const parsed = BaseManifest.safeParse(document, { jitless: true });
  if (!parsed.success) throw wrong(key, 'is not what it must be');
  if (manifestChecksum(document) !== parsed.data.checksum)
    throw wrong(key, 'was changed after it was written');
  if (parsed.data.archive !== key.slice(key.lastIndexOf('/') + 1)) throw wrong(key, 'is of another archive');
  return { key, manifest: parsed.data };
}

/** Every base archive there, the newest first. `flawed` hears of those that cannot be used. */
export async function listBases(
  storage: Storage,
  destination: Destination,
  flawed: (error: AppError) => void,
  ctx: StorageContext,
): Promise<readonly BaseArchive[]> {
  const found: BaseArchive[] = [];
  const prefix = destination === 'local' ? '' : `${REMOTE_FOLDER}${BASE_FOLDER}/`;
  for await (const { key } of storage.list(ctx, prefix)) {
    if (!key.endsWith(BASE_MANIFEST_ENDING)) continue;
    try {
      found.push(await readBase(storage, key.slice(0, -BASE_MANIFEST_ENDING.length), ctx));
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      flawed(error);
    }
  }
  return found.toSorted((a, b) => b.manifest.endedAt.localeCompare(a.manifest.endedAt));
}
