import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Storage, StorageContext } from '../storage/storage.ts';

/** What lies beside the archives of every destination, so that they can be restored without Holdfast. */
const FILES = ['RESTORE.md', 'restore.sh'] as const;
const VERSION = /^(?:#|<!--) holdfast-restore-kit: (\d+)/m;
/** Both stand within their first lines. */
const HEAD_BYTES = 512;

const versionOf = (text: string): number | null => {
  const found = VERSION.exec(text)?.[1];
  return found === undefined ? null : Number(found);
};

async function headOf(storage: Storage, key: string, length: number, ctx: StorageContext): Promise<string> {
  const chunks: Uint8Array[] = [];
  const body = await storage.get(ctx, key, { start: 0, length });
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Writes each file of the kit under `prefix` where it is missing or of an older version; a file of that name which is not of
 * the kit is somebody's own, and stays. Never throws: a kit that could not be placed is no reason to fail a backup.
 */
export async function placeKit(storage: Storage, prefix: string, ctx: StorageContext): Promise<void> {
  for (const file of FILES) {
    const key = `${prefix}${file}`;
    try {
      const text = await readFile(new URL(`./kit/${file}`, import.meta.url));
      const there = await storage.stat(ctx, key);
      if (there !== null) {
        const head = await headOf(storage, key, Math.min(HEAD_BYTES, there.sizeBytes), ctx);
        const found = versionOf(head);
        if (found === null) ctx.log.info('left a file alone that has a name of the restore kit', { key });
        if (found === null || found >= (versionOf(text.toString('utf8')) ?? 0)) continue;
        await storage.remove(ctx, key);
      }
      await storage.put(ctx, key, Readable.from([text], { objectMode: false }), {
        estimateBytes: text.length,
      });
    } catch (error) {
      ctx.log.warn('could not place the restore kit', { destination: storage.kind, key, error });
    }
  }
}
