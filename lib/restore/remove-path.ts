import { chmod, lstat, opendir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isStampedPath } from '../core/stamped-path.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { AppError } from '../core/errors.ts';
import { isMissing, withBeside } from './path-names.ts';

/**
 * Removes what a restore made, everything below it, and what belongs to it. Follows no link, and throws `protected` for a path that is not of
 * the shape of one that a restore made, or is a link now. Does nothing where it is gone.
 */
export async function removeMadePath(path: string, kind: SourceKind): Promise<void> {
  const refused = (why: string): AppError =>
    new AppError('protected', `${path} ${why}`, {
      hint: 'Nothing was removed. Look at it, and remove it by hand.',
    });
  if (!isStampedPath(path, ['restore', 'before', 'undone'])) throw refused('has not the name of a copy');
  for (const one of withBeside(path, kind)) {
    try {
      if ((await lstat(one)).isSymbolicLink()) throw refused('is a symbolic link now');
    } catch (error) {
      if (isMissing(error)) continue;
      throw error;
    }
    try {
      await rm(one, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error;
      // A folder that its owner may not write to keeps what is in it.
      await openFolders(one);
      await rm(one, { recursive: true, force: true });
    }
  }
}

async function openFolders(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for await (const entry of await opendir(path))
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
}

/** Removes the folders at `path` that hold nothing but folders; a file and what leads to it stay. */
export async function removeEmptyFolders(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isDirectory()) return;
    for await (const entry of await opendir(path))
      if (entry.isDirectory()) await removeEmptyFolders(join(path, entry.name));
    await rmdir(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (!isMissing(error) && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
