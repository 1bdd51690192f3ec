import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../core/errors.ts';
import type { SourceContext } from './source.ts';

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/**
 * Copies a dump that is a whole file to `at`, which must not be there; only this user may read it. Durable when it resolves. Throws
 * `target_not_empty`, `storage_full`, `config` where this user may not write there, or the reason of the signal; what it wrote by then stays.
 */
export async function copyPlain(ctx: Pick<SourceContext, 'signal'>, file: string, at: string): Promise<void> {
  try {
    await pipeline(createReadStream(file), createWriteStream(at, { flags: 'wx', mode: 0o600, flush: true }), {
      signal: ctx.signal,
    });
    await using folder = await open(dirname(at), 'r');
    // Without it a power cut may take the name of a file whose bytes are on the disk.
    await folder.sync();
  } catch (error) {
    ctx.signal.throwIfAborted();
    switch (codeOf(error)) {
      case 'EEXIST':
        throw new AppError('target_not_empty', `${at} is there already`, {
          hint: 'Choose a path where nothing is.',
          cause: error,
        });
      case 'ENOSPC':
      case 'EDQUOT':
        throw new AppError('storage_full', `there is no room left for ${at}`, {
          hint: 'Make room on its disk, or choose a path on a larger one.',
          cause: error,
        });
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        throw new AppError('config', `${at} may not be written by this user`, {
          hint: 'Let the user of the worker write to its folder, or choose another path.',
          cause: error,
        });
      default:
        throw error;
    }
  }
}
