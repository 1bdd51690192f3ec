import { Transform, type Readable } from 'node:stream';
import type { ByteCount } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import { countBytes, isSameBytes } from '../pipeline/byte-count.ts';
import type { Storage } from '../storage/storage.ts';

const altered = (storage: Storage, key: string, found: ByteCount, expected: ByteCount): AppError =>
  new AppError('integrity', `what ${storage.kind} storage gave back is not what was written`, {
    hint: 'Do not trust this destination before its disk, memory and network have been checked.',
    fields: {
      destination: storage.kind,
      key,
      expectedBytes: expected.bytes,
      foundBytes: found.bytes,
      expectedSha256: expected.sha256,
      foundSha256: found.sha256,
    },
  });

/** Reads an object to its end and throws `integrity` unless it has exactly these bytes. */
export async function readBack(
  storage: Storage,
  key: string,
  expected: ByteCount,
  ctx: RunContext,
): Promise<void> {
  const counter = countBytes();
  const body = await storage.get(ctx, key);
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    counter.add(chunk);
    ctx.progress({ phase: 'reading-back', bytes: counter.bytes, totalBytes: expected.bytes });
  }
  ctx.signal.throwIfAborted();
  const found = counter.result();
  if (!isSameBytes(found, expected)) throw altered(storage, key, found, expected);
}

/** An object as a body for another destination: it errors at its end, so nothing is committed, unless the bytes are these. */
export async function openExactly(
  storage: Storage,
  key: string,
  expected: ByteCount,
  ctx: RunContext,
): Promise<Readable> {
  const counter = countBytes();
  const body = await storage.get(ctx, key);
  const gate = new Transform({
    highWaterMark: 1024 * 1024,
    transform: (chunk: Buffer, _encoding, done) => {
      counter.add(chunk);
      ctx.progress({ phase: 'uploading', bytes: counter.bytes, totalBytes: expected.bytes });
      done(null, chunk);
    },
    flush: (done) => {
      const found = counter.result();
      done(isSameBytes(found, expected) ? null : altered(storage, key, found, expected));
    },
  });
  body.once('error', (error) => gate.destroy(error));
  gate.once('close', () => body.destroy());
  // put() listens only once it has begun; an abort before that must not end the process.
  gate.on('error', () => undefined);
  return body.pipe(gate);
}
