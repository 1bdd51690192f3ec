import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { Config } from '../../platform/config.ts';
import { findGnuTar } from '../../tools/find-gnu-tar.ts';
import { findProgram } from '../../tools/find-program.ts';
import { readTool } from '../../tools/read-tool.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';
import { toolFailed } from '../../tools/start-tool.ts';
import { countOf } from '../judged.ts';
import type { ScratchContext } from '../source.ts';
import type { ChosenMembers } from './choose-members.ts';
import { errnoOf } from './walk-tree.ts';

/**
 * Opens an archive of which the headers were read. Throws `target_not_empty`, `storage_full`, `config` where this user may not write there,
 * `restore_failed` where the archive is at fault, or the reason of the signal. Durable when it resolves.
 */
export async function extractTar(
  config: Config,
  ctx: ScratchContext,
  { file, at, members }: { readonly file: string; readonly at: string; readonly members: ChosenMembers },
): Promise<void> {
  const tar = await findGnuTar(config, ctx);
  const sync = await findProgram(config, 'sync', ctx);
  const isRoot = process.geteuid?.() === 0;
  if (!members.isFile) {
    await mkdir(at, { mode: 0o700 }).catch((error: unknown) => {
      throw translateWriteError(error, at);
    });
  }
  await readTool(ctx, {
    file: tar.file,
    args: [
      '--extract',
      '--numeric-owner',
      '--same-permissions',
      isRoot ? '--same-owner' : '--no-same-owner',
      '--delay-directory-restore',
      '--no-unquote',
      `--file=${file}`,
      ...(members.isFile
        ? [`--directory=${dirname(at)}`, '--keep-old-files', `--transform=${renamedTo(basename(at))}`]
        : [`--directory=${at}`]),
      ...(isRoot
        ? []
        : ['--anchored', '--no-wildcards', ...members.devices.map((name) => `--exclude=${name}`)]),
      '--',
      ...members.names,
    ],
    failure: (exit) => translateExtractExit(exit, at),
  });
  if (!isRoot && members.devices.length > 0)
    ctx.say(`left out ${countOf(members.devices.length, 'device')}: only root can make them`);
  await readTool(ctx, { file: sync.file, args: ['--file-system', at] });
}

/** A rule of sed that gives every member this name, and leaves alone where links point. */
const renamedTo = (name: string): string => `flags=r;s/.*/${name.replaceAll(/[\\&/]/g, '\\$&')}/`;

const full = (at: string, cause: unknown): AppError =>
  new AppError('storage_full', `there is no room left for ${at}`, {
    hint: 'Make room on its disk, or choose a path on a larger one.',
    cause,
  });
const notEmpty = (at: string, cause: unknown): AppError =>
  new AppError('target_not_empty', `${at} is there already`, {
    hint: 'Choose a path where nothing is.',
    cause,
  });
const forbidden = (at: string, cause: unknown): AppError =>
  new AppError('config', `${at} may not be written by this user`, {
    hint: 'Let the user of the worker write to its folder, or choose another path.',
    cause,
  });

function translateWriteError(thrown: unknown, at: string): AppError {
  switch (errnoOf(thrown)) {
    case 'EEXIST':
      return notEmpty(at, thrown);
    case 'ENOSPC':
    case 'EDQUOT':
      return full(at, thrown);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return forbidden(at, thrown);
    default:
      return new AppError('config', `${at} could not be made`, {
        hint: 'Choose a path whose folder is there.',
        cause: thrown,
      });
  }
}

/** What tar meant by its exit while it opened an archive, from what it wrote to stderr in English (LC_ALL=C). */
function translateExtractExit(exit: ToolExit, at: string): AppError {
  const plain = toolFailed('tar', exit);
  if (exit.signal !== null) return plain;
  const said = exit.stderrTail;
  if (/: (?:No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes)$/m.test(said))
    return full(at, plain);
  if (/: Cannot open: File exists$/m.test(said)) return notEmpty(at, plain);
  if (/: (?:Permission denied|Operation not permitted|Read-only file system)$/m.test(said))
    return forbidden(at, plain);
  if (
    /Unexpected EOF in archive|not look like a tar archive|Skipping to next header|[Mm]alformed|Damaged/.test(
      said,
    )
  ) {
    return new AppError('restore_failed', 'tar cannot read the archive to its end', {
      hint: 'Do not count on this backup: take another copy or an older one.',
      cause: plain,
    });
  }
  return plain;
}
