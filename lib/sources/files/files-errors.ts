import { AppError, isErrorCode } from '../../core/errors.ts';
import { lastLine, toolFailed } from '../../tools/start-tool.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** What the file system said of a source at `path`, as an error of ours. */
export function translateFileError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (error instanceof AppError || (code !== null && isErrorCode(code))) return error;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AppError('source_unreachable', `there is nothing at ${path}`, {
        hint: 'The path is looked for on the machine of the worker, or in its container: mount it there, or correct it.',
        fields: { path },
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new AppError('source_auth', `the user of the worker may not read ${path}`, {
        hint: 'Let that user read it and everything below, or run the worker as one that may.',
        fields: { path },
        cause: error,
      });
    case 'EIO':
    case 'ESTALE':
    case 'ENOTCONN':
    case 'ETIMEDOUT':
      return new AppError('source_unreachable', `the disk that holds ${path} does not answer`, {
        hint: 'Look at the disk or the network mount; nothing was changed there.',
        fields: { path },
        cause: error,
      });
    default:
      return error;
  }
}

const firstWith = (said: string, pattern: RegExp): string | undefined =>
  said.split('\n').find((line) => pattern.test(line));

/** Why tar could not read the source to its end. */
export function translateTarExit(exit: ToolExit, path: string): AppError {
  const said = exit.stderrTail;
  const refused = firstWith(said, /: Permission denied$/);
  if (refused !== undefined) {
    return new AppError('source_auth', `not everything may be read: ${refused.replace(/^tar: /, '')}`, {
      hint: `Let the user of the worker read everything below ${path}, or leave that out with a pattern.`,
      fields: { path },
    });
  }
  const gone = firstWith(said, /: (No such file or directory|Input\/output error|Stale file handle)$/);
  if (gone !== undefined) {
    return new AppError('source_unreachable', `not everything can be read: ${gone.replace(/^tar: /, '')}`, {
      hint: `Look at ${path} on the machine of the worker, or in its container.`,
      fields: { path },
    });
  }
  return toolFailed('tar', exit);
}

/** Why tar could not unpack. */
export function translateUnpackExit(exit: ToolExit, at: string): AppError {
  const said = exit.stderrTail;
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return new AppError('storage_full', `there is no room left for ${at}`, {
      hint: 'Make room on its disk, or choose a path on a larger one.',
    });
  }
  if (/Permission denied|Read-only file system|Operation not permitted/.test(said)) {
    return new AppError('config', `${at} cannot be written in full by this user: ${lastLine(said)}`, {
      hint: 'Run the worker as a user that may write there (devices and other owners need root), or choose another path.',
    });
  }
  if (exit.signal !== null) return toolFailed('tar', exit);
  return new AppError('restore_failed', `tar could not unpack the archive: ${lastLine(said)}`, {
    hint: 'Do not count on this backup: take another copy or an older one.',
  });
}
