import type { Destination } from '../contracts/backup.ts';
import { manifestNameOf } from '../contracts/manifest.ts';
import { openStorage } from '../storage/registry.ts';
import { copiesToRemove, isKeyOfAnother, markCopiesRemoved } from '#db/queries/run.ts';
import { removeArchive } from './archive.ts';
import type { EngineDeps } from './deps.ts';
import { persist } from './persist.ts';

interface Copy {
  readonly destination: Destination;
  readonly key: string;
}

const MANIFEST_MAX_BYTES = 64 * 1024 * 1024;

/** The id in the manifest that lies beside this object; null where there is none, or none that can be read. */
async function ownerOf(
  deps: EngineDeps,
  copy: Copy,
  ctx: { readonly runId: string; readonly signal: AbortSignal; readonly log: EngineDeps['log'] },
): Promise<string | null> {
  const storage = openStorage(deps.config, copy.destination);
  try {
    const key = manifestNameOf(copy.key);
    const object = await storage.stat(ctx, key);
    if (object === null || object.sizeBytes > MANIFEST_MAX_BYTES) return null;
    const chunks: Buffer[] = [];
    for await (const chunk of await storage.get(ctx, key)) chunks.push(Buffer.from(chunk as Uint8Array));
    const manifest: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (manifest === null || typeof manifest !== 'object' || !('id' in manifest)) return null;
    return typeof manifest.id === 'string' ? manifest.id : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  } finally {
    await storage.close();
  }
}

/**
 * Removes what copies of this backup there may be, archive and manifest, and notes them REMOVED. An object that belongs
 * to another backup is left alone, whatever this backup's rows say: a run that died before its first byte may have
 * noted a name that was taken. Safe to repeat; throws when a destination could not be asked.
 */
export async function removeCopies(deps: EngineDeps, backupId: string, signal: AbortSignal): Promise<void> {
  const log = deps.log.child({ backupId });
  const ctx = { runId: backupId, signal, log };
  const copies = await persist(deps, 'copies to remove', () => copiesToRemove(deps.db, backupId), signal);
  const own: Copy[] = [];
  for (const copy of copies) {
    const owner = await ownerOf(deps, copy, ctx);
    if ((owner !== null && owner !== backupId) || (await isKeyOfAnother(deps.db, backupId, copy))) {
      log.warn('left an object alone that belongs to another backup', { key: copy.key, owner });
      continue;
    }
    own.push(copy);
  }
  await removeArchive(deps.config, own, ctx);
  await persist(deps, 'copies removed', () => markCopiesRemoved(deps.db, backupId), signal);
}
