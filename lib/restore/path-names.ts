import { lstat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { stampedPath } from '../core/stamped-path.ts';

/** SQLite's own files beside a database: one that is left beside another database spoils it. */
const BESIDE_DATABASE = ['-wal', '-shm', '-journal'];

/** A path of this kind, and what belongs to it where it is there. */
export const withBeside = (path: string, kind: SourceKind): readonly string[] =>
  kind === 'sqlite' ? [path, ...BESIDE_DATABASE.map((suffix) => path + suffix)] : [path];

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** Whatever it is, a symbolic link that leads nowhere too. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Those of `paths` that are there. */
export async function thoseThere(paths: Iterable<string>): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const path of paths) if (await isThere(path)) found.add(path);
  return found;
}

/** A name beside `path` that nothing has; another restore may have begun within this second. */
export async function freePath(
  path: string,
  word: Parameters<typeof stampedPath>[1],
  kind: SourceKind,
  clock: Clock,
): Promise<string> {
  let at = clock.now();
  for (;;) {
    const name = stampedPath(path, word, at);
    if ((await thoseThere(withBeside(name, kind))).size === 0) return name;
    at = new Date(at.getTime() + 1000);
  }
}
