import { pipeline, Transform, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { ByteCount } from '../contracts/manifest.ts';
import { NICENESS } from '../tools/spawn-tool.ts';
import { startTool, toolFailed } from '../tools/start-tool.ts';
import { ToolOutput } from '../tools/tool-output.ts';
import { countBytes } from './byte-count.ts';

const PROGRAM = fileURLToPath(new URL('../tools/count-bytes.mjs', import.meta.url));
const CHUNK_BYTES = 256 * 1024;
/** What the program tells. Whatever else comes over its stderr only explains why it failed. */
const TOLD = /^\{"bytes":(\d+)(?:,"sha256":"([0-9a-f]{64})")?\}$/gm;

export interface Counted {
  /** The same bytes. Ends only where `input` ends, and errors as it does; destroying it destroys `input`. */
  readonly body: Readable;
  /** Once `body` has ended. */
  result(): ByteCount;
  /** Settles when nothing of it runs any more. */
  readonly exit: Promise<unknown>;
}

/**
 * Counts bytes on their way, and hashes them. `onBytes` is told now and then how many there were, and at the end how many in all. What a program
 * wrote into a pipe is counted by another one, so that it reaches the next program without passing through this process.
 */
export function countThrough(
  ctx: Pick<RunContext, 'signal'>,
  input: Readable,
  onBytes: (bytes: number) => void,
): Counted {
  return input instanceof ToolOutput && input.isPipe
    ? countByProgram(ctx, input, onBytes)
    : countHere(input, onBytes);
}

function countHere(input: Readable, onBytes: (bytes: number) => void): Counted {
  const counter = countBytes();
  const body = new Transform({
    highWaterMark: CHUNK_BYTES,
    transform: (chunk: Buffer, _, done) => {
      counter.add(chunk);
      onBytes(counter.bytes);
      done(null, chunk);
    },
  });
  return {
    body,
    result: () => counter.result(),
    exit: new Promise((resolve) => {
      // Its error is that of `body`, where whoever reads gets it.
      pipeline(input, body, resolve);
    }),
  };
}

function countByProgram(
  ctx: Pick<RunContext, 'signal'>,
  input: ToolOutput,
  onBytes: (bytes: number) => void,
): Counted {
  let count: ByteCount | undefined;
  const run = startTool(ctx, {
    file: process.execPath,
    args: [PROGRAM],
    niceness: NICENESS,
    stdin: input,
    isForProgram: true,
    tapLine: (line) => {
      const [told] = line.matchAll(TOLD);
      if (told === undefined) return;
      const bytes = Number(told[1]);
      if (told[2] !== undefined) count = { bytes, sha256: told[2] };
      onBytes(bytes);
    },
    failure: (exit) =>
      toolFailed('the program that counts bytes', {
        ...exit,
        stderrTail: exit.stderrTail.replaceAll(TOLD, ''),
      }),
  });
  return {
    body: run.stdout,
    result: () => {
      if (count === undefined)
        throw new AppError('tool_failed', 'the bytes went by and nobody said how many');
      return count;
    },
    exit: run.exit,
  };
}
