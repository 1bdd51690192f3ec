import type { Readable } from 'node:stream';

/** Destroys `stream` with the signal's reason as soon as the signal aborts. Forgets it when the stream closes. */
export function endOnAbort(stream: Readable, signal: AbortSignal): void {
  const onAbort = () => {
    stream.destroy(signal.reason as Error);
  };
  if (signal.aborted) {
    onAbort();
    return;
  }
  signal.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => {
    signal.removeEventListener('abort', onAbort);
  });
}

/** Carries what the body itself threw past the translation of storage errors: `put` rethrows its `cause`. */
export class BodyFailure extends Error {
  constructor(cause: unknown) {
    super('the body of a put failed', { cause });
    this.name = 'BodyFailure';
  }
}

/** The chunks of `body` as bytes. Throws BodyFailure when the body errors, or is destroyed before its end. */
export async function* readBody(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  } catch (error) {
    throw new BodyFailure(error);
  }
}
