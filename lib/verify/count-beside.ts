import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteCount } from '../contracts/manifest.ts';
import { countBytes } from '../pipeline/byte-count.ts';

const CHUNK_BYTES = 256 * 1024;
/** In that time a program moves a few megabytes, which are still in memory when they are hashed. */
const LOOK_MS = 10;

/** A file that programs are reading or writing. */
export interface FileInUse {
  /** How far they have come; `isOver`: they have gone. */
  reach(isOver: boolean): Promise<number>;
  /** Fills `buffer` with what stands at `position`, as far as the file goes; says how much that was. */
  read(buffer: Uint8Array, position: number): Promise<number>;
}

/** Says what the bytes of a file are, reading after the programs that use it until `over` settles, and then to its end. */
export async function countBeside(
  file: FileInUse,
  over: Promise<unknown>,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<ByteCount> {
  const ended = new AbortController();
  const end = (): void => {
    ended.abort();
  };
  over.then(end, end);
  const counter = countBytes();
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let reached = 0;
  for (;;) {
    signal.throwIfAborted();
    const isOver = ended.signal.aborted;
    // Asking costs as much as reading a chunk.
    if (counter.bytes >= reached) reached = await file.reach(isOver);
    const ahead = reached - counter.bytes;
    if (ahead > 0) {
      const bytes = await file.read(chunk.subarray(0, ahead), counter.bytes);
      if (bytes === 0) break;
      counter.add(chunk.subarray(0, bytes));
      onBytes(counter.bytes);
    } else if (isOver) break;
    else await sleep(LOOK_MS, undefined, { signal: ended.signal }).catch(() => undefined);
  }
  return counter.result();
}
