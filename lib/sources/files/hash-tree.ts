import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ByteText, HashedEntry } from './tree-entry.ts';
import { asStored, placeOf, walkTree, type Walk } from './walk-tree.ts';

const CHUNK_BYTES = 256 * 1024;

interface Reading {
  readonly signal: AbortSignal;
}

/** Reads files of a tree one after the other, over one buffer. */
export function fileHasher(root: ByteText): (ctx: Reading, path: ByteText) => Promise<string> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  return async ({ signal }, path) => {
    // What was a file a moment ago must not lead out of the tree, nor keep this process waiting as a pipe does.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using file = await open(placeOf(root, path), flags);
    const hash = createHash('sha256');
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  };
}

/** The entries of a walk with the hashes of their contents. Throws what the file system says, and the reason of the signal. */
export async function* hashTree(ctx: Reading, walk: Walk): AsyncGenerator<HashedEntry> {
  const hashOf = fileHasher(walk.root);
  for await (const walked of walkTree(ctx, walk)) {
    const entry = asStored(walked);
    yield { ...entry, sha256: entry.kind === 'file' ? await hashOf(ctx, entry.path) : '' };
  }
}
