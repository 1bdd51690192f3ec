import type { Readable, Writable } from 'node:stream';
import type { ByteCount } from '../contracts/manifest.ts';
import { countBytes } from '../pipeline/byte-count.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';
import type { VerifyRun } from './verify-run.ts';

/** Writes a chunk, and waits while the sink is full. A sink that has closed takes nothing, and that is no error. */
function feed(sink: Writable, chunk: Uint8Array): Promise<void> | undefined {
  if (!sink.writable || sink.write(chunk)) return undefined;
  return new Promise((resolve) => {
    const go = (): void => {
      sink.off('drain', go).off('close', go);
      resolve();
    };
    sink.on('drain', go).on('close', go);
  });
}

/**
 * Says what the bytes of a body are; on the way each chunk goes into `sink`, which is ended after the last one. A sink that
 * closes early is left alone, and the bytes are counted all the same. Throws what the body throws, and then destroys the sink,
 * which must not take a cut body for a whole one.
 */
export async function readInto(
  body: Readable,
  sink: Writable | null,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<ByteCount> {
  const counter = countBytes();
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      counter.add(chunk);
      onBytes(counter.bytes);
      if (sink !== null) await feed(sink, chunk);
    }
    signal.throwIfAborted();
  } catch (error) {
    sink?.destroy();
    throw error;
  }
  sink?.end();
  return counter.result();
}

/** What the bytes of the stored archive are; on the way each chunk goes into `sink`, as `readInto` does it. */
export async function readArchive(
  { storage, order, progress, ctx }: VerifyRun,
  sink: Writable | null,
): Promise<ByteCount> {
  const body = await storage.get(ctx, order.key).catch((error: unknown) => {
    sink?.destroy();
    throw error;
  });
  return readInto(body, sink, ctx.signal, progress.bytes);
}

/** Gives `sink` as much of an object as it takes. */
export async function offerObject(
  storage: Storage,
  key: string,
  sink: Writable,
  ctx: StorageContext,
): Promise<void> {
  const body = await storage.get(ctx, key);
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    if (!sink.writable) return;
    await feed(sink, chunk);
  }
  sink.end();
}
