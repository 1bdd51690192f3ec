import { AppError, type AppErrorOptions } from '../../core/errors.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';
import { toolFailed } from '../../tools/start-tool.ts';
import { errnoOf, isForbidden } from './walk-tree.ts';

const unreachable = (message: string, more: AppErrorOptions = {}): AppError =>
  new AppError('source_unreachable', message, {
    hint: "Check that it exists on the worker's machine (or in its container, where a volume must be mounted), and that its disk can be read.",
    ...more,
  });

const forbidden = (message: string, more: AppErrorOptions = {}): AppError =>
  new AppError('source_auth', message, {
    hint: 'Let the user of the worker read it (a group of its own, an ACL, or a worker that runs as root), or leave it out.',
    ...more,
  });

/** What the file system said of a source. */
export function translateFileError(thrown: unknown, path: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const because = { cause: thrown, fields: { reason: errnoOf(thrown) } };
  const place = thrown instanceof Error && 'path' in thrown ? String(thrown.path) : path;
  if (isForbidden(thrown)) return forbidden(`${place} may not be read by this user`, because);
  switch (errnoOf(thrown)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return unreachable(`there is no ${place} on this machine`, because);
    case 'ENAMETOOLONG':
      return new AppError('config', `a path below ${path} is longer than this system can open`, {
        hint: 'Leave it out, or protect the folder far down as a source of its own.',
        ...because,
      });
    default:
      return unreachable(`${place} could not be read`, because);
  }
}

/** What stopped tar in its own words, rather than that it stopped. */
function reasonOf(said: string): string {
  const lines = said.split('\n').filter((line) => line !== '' && !/: Exiting with failure status/.test(line));
  const line = lines.findLast((one) => /: Cannot |: Error |: Read error/.test(one)) ?? lines.at(-1) ?? '';
  return line.replace(/^[^:]*tar: /, '');
}

/** What tar meant by its exit while it stored files, from what it wrote to stderr in English (LC_ALL=C). */
export function translateTarExit(exit: ToolExit, path: string): AppError {
  const plain = toolFailed('tar', exit);
  // Killed from outside: the last line it wrote before is not why.
  if (exit.signal !== null) return plain;
  const reason = reasonOf(exit.stderrTail);
  const more = { cause: plain, fields: { reason } };
  if (/: (?:Permission denied|Operation not permitted)$/m.test(exit.stderrTail))
    return forbidden(`tar may not read all of ${path}: ${reason}`, more);
  if (
    /: (?:No such file or directory|Not a directory|Input\/output error|Stale file handle|Transport endpoint is not connected|No such device.*)$/m.test(
      exit.stderrTail,
    )
  )
    return unreachable(`tar could not read all of ${path}: ${reason}`, more);
  return plain;
}
