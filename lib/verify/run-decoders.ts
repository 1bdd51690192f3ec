import type { Readable } from 'node:stream';
import type { Manifest } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import { isSameBytes } from '../pipeline/byte-count.ts';
import type { ObjectFile } from '../storage/storage.ts';
import { startChain } from '../tools/start-chain.ts';
import type { ToolCommand } from '../tools/spawn-tool.ts';
import { checkBytes } from './check-bytes.ts';
import { countBeside } from './count-beside.ts';
import { decodeFailure, type DecodeFailure } from './decode-failure.ts';
import { readArchive } from './read-object.ts';
import type { VerifyRun } from './verify-run.ts';

/**
 * Runs the stored archive through `decoders`, and hashes what they read: `sha256`. An archive that is a file of this machine is
 * opened once, and the first program reads it by itself; else each chunk passes this process. What the last one prints goes
 * nowhere, into a file, or to a function that reads it to its end. Returns why it does not decode, or
 * null; `bytes` where the archive is not what was written.
 */
export async function runDecoders(
  run: VerifyRun,
  manifest: Manifest,
  decoders: readonly [ToolCommand, ...ToolCommand[]],
  output: 'ignore' | number | ((printed: Readable) => Promise<unknown>),
): Promise<DecodeFailure | 'bytes' | null> {
  const { storage, order, progress, ctx } = run;
  // What keeps it from being opened is told by reading it.
  await using file = await storage.openFile(ctx, order.key).catch(() => null);
  const isRead = typeof output === 'function';
  const chain = startChain(ctx, decoders, isRead ? 'pipe' : output, file?.descriptor);
  // Why it was cut is what the exits tell.
  const reading = isRead ? output(chain.output).catch(() => undefined) : null;
  try {
    const isWhole = await checkBytes(run, manifest, () =>
      file === null
        ? readArchive(run, chain.input)
        : countBeside(
            {
              reach: (isOver) => (isOver ? Promise.resolve(file.sizeBytes) : file.readBytes()),
              read: (buffer, position) => file.read(buffer, position),
            },
            chain.links,
            ctx.signal,
            progress.bytes,
          ),
    );
    if (!isWhole) return 'bytes';
    const failure = decodeFailure(await chain.links);
    await reading;
    return failure ?? (file === null ? null : await changeOf(run, manifest, file));
  } finally {
    chain.stop();
    await chain.links;
    ctx.signal.throwIfAborted();
  }
}

/** What was hashed and what was decoded are two readings of one file: they are the same bytes if nobody wrote to it. */
async function changeOf(run: VerifyRun, manifest: Manifest, file: ObjectFile): Promise<DecodeFailure | null> {
  if (!(await file.hasChanged()) || isSameBytes(await readArchive(run, null), manifest.stored)) return null;
  return {
    verdict: 'FAILED',
    error: new AppError('integrity', 'the archive was changed while it was read', {
      hint: 'Do not count on this backup: take a new one, and find out what changed the archive.',
    }),
  };
}
