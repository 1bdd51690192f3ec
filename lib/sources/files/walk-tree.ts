import { createHash } from 'node:crypto';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { TreeEntry } from './tree-facts.ts';

const CHUNK_BYTES = 256 * 1024;
const BILLION = 1_000_000_000n;

/** A path as bytes: a name of a disk need not be UTF-8. */
export const bytesOf = (root: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(root), Buffer.from(path === '' ? '' : `/${path}`, 'latin1')]);

/** What one file holds; each reading uses `buffer` again. */
async function hashFile(path: Buffer, buffer: Buffer, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path, 'r');
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}

function kindOf(stats: BigIntStats): TreeEntry['kind'] | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isSocket() ? null : 'other';
}

const floorSeconds = (ns: bigint): number => {
  const rest = ((ns % BILLION) + BILLION) % BILLION;
  return Number((ns - rest) / BILLION);
};

/**
 * Every entry below `root` and the root itself, in the order of tar's --sort=name, which is that of bytes, so that of several names of one file the
 * same one comes first. `hashes`: whether contents are read; without, every SHA-256 is empty. Sockets are left out. Throws what
 * the file system throws.
 */
export async function* walkTree(
  root: string,
  options: { readonly hashes: boolean; readonly signal: AbortSignal },
): AsyncGenerator<TreeEntry> {
  const { hashes, signal } = options;
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  /** By inode, the first name of a file that has several. */
  const names = new Map<string, string>();

  async function* visit(path: string): AsyncGenerator<TreeEntry> {
    signal.throwIfAborted();
    const at = bytesOf(root, path);
    const stats = await lstat(at, { bigint: true });
    let kind = kindOf(stats);
    if (kind === null) return;
    let target = '';
    if (kind === 'link') target = (await readlink(at, { encoding: 'buffer' })).toString('latin1');
    if (kind !== 'directory' && stats.nlink > 1n) {
      const inode = `${String(stats.dev)}:${String(stats.ino)}`;
      const first = names.get(inode);
      if (first === undefined) names.set(inode, path);
      else [kind, target] = ['hard-link', first];
    }
    const isFile = kind === 'file';
    yield {
      path,
      kind,
      mode: Number(stats.mode & 0o7777n),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      changedAtSeconds: floorSeconds(stats.mtimeNs),
      sizeBytes: isFile ? Number(stats.size) : 0,
      sha256: isFile && hashes ? await hashFile(at, buffer, signal) : '',
      target,
    };
    if (kind !== 'directory') return;
    const below = (await readdir(at, { encoding: 'buffer' })).toSorted((a, b) => Buffer.compare(a, b));
    for (const name of below) {
      yield* visit(path === '' ? name.toString('latin1') : `${path}/${name.toString('latin1')}`);
    }
  }
  yield* visit('');
}
