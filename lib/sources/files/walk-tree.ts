import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { bytesOf, byteText, type ByteText, type EntryKind, type TreeEntry } from './tree-entry.ts';

/** Entries that are looked at together, so that a slow disk is asked for more than one at a time. */
const TOGETHER = 64;

export interface Walk {
  readonly root: ByteText;
  /** Paths below the root, none within another; `['.']` for all of it. What is not there is passed over. */
  readonly entries: readonly ByteText[];
  /** What of it is passed over, with all that is below. Default nothing. */
  readonly isLeftOut?: (path: ByteText) => boolean;
  /** Told of what this user may not look at or into, which is passed over then. Default: throws. */
  readonly onForbidden?: (path: ByteText) => void;
}

export interface WalkedEntry extends TreeEntry {
  /** Of a further name of a file, the one that came first; else null. */
  readonly firstName: ByteText | null;
}

interface Looked {
  readonly entry: TreeEntry;
  /** Which file it is, where that has further names; else null. */
  readonly inode: string | null;
}

export const errnoOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';
/** It went away between two looks. */
export const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errnoOf(error));
export const isForbidden = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(errnoOf(error));

/** Where an entry is, for whoever opens it. */
export const placeOf = (root: ByteText, path: ByteText): Buffer =>
  bytesOf(path === '.' ? root : `${root}/${path}`);

function kindOf(stats: BigIntStats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

const secondsOf = (nanoseconds: bigint): bigint => {
  const seconds = nanoseconds / 1_000_000_000n;
  return nanoseconds % 1_000_000_000n < 0n ? seconds - 1n : seconds;
};

/** Opens a file or folder and closes it again; throws what the file system says. */
export async function tryToRead(at: Buffer): Promise<void> {
  // A pipe would keep us until somebody writes to it.
  const file = await open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  await file.close();
}

async function lookAt({ root, onForbidden }: Walk, path: ByteText): Promise<Looked | null> {
  const at = placeOf(root, path);
  try {
    const stats = await lstat(at, { bigint: true });
    const kind = kindOf(stats);
    const entry: TreeEntry = {
      path,
      kind,
      mode: Number(stats.mode) & 0o7777,
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      mtime: secondsOf(stats.mtimeNs),
      sizeBytes: kind === 'file' ? Number(stats.size) : 0,
      target: kind === 'symlink' ? byteText(await readlink(at, 'buffer')) : '',
    };
    const hasOthers = kind !== 'directory' && stats.nlink > 1n;
    return { entry, inode: hasOthers ? `${String(stats.dev)}:${String(stats.ino)}` : null };
  } catch (error) {
    if (isGone(error)) return null;
    if (onForbidden === undefined || !isForbidden(error)) throw error;
    onForbidden(path);
    return null;
  }
}

/**
 * Everything below a root in the order in which tar stores it: by the bytes of names, a directory before what is in it. What comes or
 * goes meanwhile may be there or not. Throws what the file system says, and the reason of the signal.
 */
export async function* walkTree(
  { signal }: { readonly signal: AbortSignal },
  walk: Walk,
): AsyncGenerator<WalkedEntry, undefined> {
  const { root, entries, isLeftOut, onForbidden } = walk;
  /** Of each file that has several; of no other, so that memory stays flat. */
  const firstNames = new Map<string, ByteText>();

  const listed = async (folder: ByteText): Promise<ByteText[]> => {
    try {
      const names = await readdir(placeOf(root, folder), { encoding: 'buffer' });
      return names.map((name) => (folder === '.' ? byteText(name) : `${folder}/${byteText(name)}`));
    } catch (error) {
      if (isGone(error)) return [];
      if (onForbidden === undefined || !isForbidden(error)) throw error;
      onForbidden(folder);
      return [];
    }
  };
  const listOf = (paths: readonly ByteText[]) => ({
    paths: [...(isLeftOut === undefined ? paths : paths.filter((path) => !isLeftOut(path)))].sort(byBytes),
    next: 0,
    looked: [] as (Looked | null)[],
  });

  const folders = [listOf(entries)];
  for (let folder = folders.at(-1); folder !== undefined; folder = folders.at(-1)) {
    if (folder.looked.length === 0) {
      signal.throwIfAborted();
      const paths = folder.paths.slice(folder.next, folder.next + TOGETHER);
      folder.next += paths.length;
      folder.looked = await Promise.all(paths.map((path) => lookAt(walk, path)));
    }
    if (folder.looked.length === 0) {
      folders.pop();
      continue;
    }
    const { entry, inode } = folder.looked.shift() ?? { entry: null, inode: null };
    if (entry === null) continue;
    const firstName = inode === null ? null : (firstNames.get(inode) ?? null);
    if (inode !== null && firstName === null) firstNames.set(inode, entry.path);
    yield { ...entry, firstName };
    if (entry.kind === 'directory') folders.push(listOf(await listed(entry.path)));
  }
}

/** An entry as tar stores it: of a file with several names, the content once. */
export const asStored = ({ firstName, ...entry }: WalkedEntry): TreeEntry =>
  firstName === null ? entry : { ...entry, kind: 'hardlink', sizeBytes: 0, target: firstName };

/** The order of `tar --sort=name` within a folder. */
export const byBytes = (a: ByteText, b: ByteText): number => (a < b ? -1 : a > b ? 1 : 0);
