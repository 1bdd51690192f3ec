import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { outermost } from '../../core/path-within.ts';
import type { FilesPlace } from '../../platform/config.ts';
import { excluder } from './exclude-patterns.ts';
import { translateFileError } from './files-errors.ts';
import { byteText, type ByteText } from './tree-entry.ts';
import { byBytes, tryToRead, type Walk } from './walk-tree.ts';

/** What tar is given and a walk goes over, for the same entries. */
export interface Selection {
  readonly walk: Walk & { readonly isLeftOut: (path: ByteText) => boolean };
  /** Of the walk's root and entries, as arguments. */
  readonly directory: string;
  readonly names: readonly string[];
}

/** The walk over what a backup was taken of, or over a copy of it; a single file is its own root. */
export const walkOf = (path: string, only: readonly string[] | null): Walk => ({
  root: byteText(path),
  entries: only === null ? ['.'] : outermost(only).map(byteText),
});

/** Throws `source_unreachable`, `source_auth`, or `config` where it is neither folder nor file. */
export async function selectFiles({ path, only, excludes }: FilesPlace): Promise<Selection> {
  const isFolder = await isFolderAt(path);
  if (!isFolder && only !== null) {
    throw new AppError('config', `${path} is a file, and nothing below it can be chosen`, {
      hint: 'Choose its folder as the path, or leave out the choice of entries.',
    });
  }
  for (const entry of only ?? []) {
    await lstat(`${path}/${entry}`).catch((error: unknown) => {
      throw translateFileError(error, `${path}/${entry}`);
    });
  }
  const isExcluded = excluder(excludes.map(byteText));
  const rootName = isFolder ? '.' : byteText(basename(path));
  return {
    walk: {
      ...walkOf(path, only),
      isLeftOut: (entry) => isExcluded(entry === '.' ? rootName : `./${entry}`),
    },
    directory: isFolder ? path : dirname(path),
    names: isFolder
      ? only === null
        ? ['.']
        : // What lies within another tar would store twice.
          outermost(only)
            .sort((a, b) => byBytes(byteText(a), byteText(b)))
            .map((entry) => `./${entry}`)
      : [basename(path)],
  };
}

async function isFolderAt(path: string): Promise<boolean> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) {
      throw new AppError('config', `${path} is a symbolic link`, {
        hint: `Name what it leads to: ${await realpath(path)}.`,
      });
    }
    if (!stats.isDirectory() && !stats.isFile()) {
      throw new AppError('config', `${path} is neither a folder nor a file`, {
        hint: 'Choose a folder or a file: devices, pipes and sockets have no content that could be kept.',
      });
    }
    await tryToRead(Buffer.from(path));
    return stats.isDirectory();
  } catch (error) {
    throw translateFileError(error, path);
  }
}
