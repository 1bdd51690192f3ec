import { open } from 'node:fs/promises';
import { readTar, type TarReader } from './read-tar.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * Tells the members of an archive in a file, and leaps over the contents of which nobody needs the hash. Throws `restore_failed`
 * where it is no whole archive, what the reader throws, and the reason of the signal.
 */
export async function readTarFile(
  { signal }: { readonly signal: AbortSignal },
  path: string,
  reader: TarReader,
): Promise<void> {
  await using file = await open(path, 'r');
  const reading = readTar(reader);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) break;
    reading.feed(buffer.subarray(0, bytesRead));
    at += bytesRead + reading.skip();
  }
  reading.end();
}
