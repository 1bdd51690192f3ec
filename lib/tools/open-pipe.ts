import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';

/** Two file descriptors of this process, both blocking. Close each here as soon as the child that needs it has it. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/**
 * A pipe for two children. What Node itself puts between them is a pair of sockets whose one end it reads, copies and writes again. It cannot
 * make a plain pipe, so this is a FIFO whose name is gone when it returns. Throws `tool_missing` where that cannot be made.
 */
export function openPipe(): Pipe {
  let folder: string | undefined;
  try {
    // Only this user can enter it, so nobody else can open the other end.
    folder = mkdtempSync(join(tmpdir(), 'hf-pipe-'));
    const path = join(folder, 'pipe');
    const { error, status, stderr } = spawnSync('mkfifo', [path], { stdio: ['ignore', 'ignore', 'pipe'] });
    if (status !== 0) throw error ?? new Error(stderr.toString('utf8').trim());
    // Opening either end waits for the other one, but not this way.
    const opener = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const writeEnd = openSync(path, constants.O_WRONLY);
      return { readEnd: openSync(path, constants.O_RDONLY), writeEnd };
    } finally {
      closeSync(opener);
    }
  } catch (cause) {
    throw new AppError('tool_missing', 'mkfifo could not make a pipe between two programs', {
      hint: `Check that mkfifo (coreutils) is installed, and that ${tmpdir()} exists, has room, and can be written by this user.`,
      cause,
    });
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
