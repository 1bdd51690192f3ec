import { createReadStream } from 'node:fs';
import { rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, type Readable } from 'node:stream';
import { humanBytes } from '../core/bytes.ts';
import { AppError } from '../core/errors.ts';
import type { DumpContext } from './source.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * A private file in the run's folder, for programs that write a copy to a file and nowhere else: filled, streamed from there, and
 * then gone. It takes as much room under HOLDFAST_DATA_DIR as the source has. What a crash leaves goes with the run's folder.
 */
export interface StagedFile extends AsyncDisposable {
  /** Absolute; nothing is there yet. */
  readonly path: string;
  /** Streams what was written to `path`. Errors with the reason of an aborted signal. */
  body(): Promise<{
    readonly body: Readable;
    readonly sizeBytes: number;
  }>;
}

/** Throws `storage_full` where there is less room than `needBytes`. */
export async function stageFile(ctx: DumpContext, needBytes: number): Promise<StagedFile> {
  ctx.signal.throwIfAborted();
  const { bavail, bsize } = await statfs(ctx.workDir);
  if (bavail * bsize < needBytes) {
    throw new AppError(
      'storage_full',
      `the copy to be archived needs ${humanBytes(needBytes)}, and ${humanBytes(bavail * bsize)} are free`,
      {
        hint: 'Make room in the folder that HOLDFAST_DATA_DIR names, or name one on a larger disk there.',
        fields: { folder: ctx.workDir },
      },
    );
  }
  const path = join(ctx.workDir, 'staged');
  let stream: Readable | undefined;
  return {
    path,
    body: async () => {
      const { size } = await stat(path);
      ctx.signal.throwIfAborted();
      const body = createReadStream(path, { highWaterMark: CHUNK_BYTES });
      stream = body;
      const onAbort = (): void => {
        body.destroy(ctx.signal.reason as Error);
      };
      ctx.signal.addEventListener('abort', onAbort, { once: true });
      finished(body, () => {
        ctx.signal.removeEventListener('abort', onAbort);
      });
      return { body, sizeBytes: size };
    },
    [Symbol.asyncDispose]: async () => {
      stream?.destroy();
      await rm(path, { force: true });
    },
  };
}
