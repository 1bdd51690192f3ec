import { createHash } from 'node:crypto';
import type { ByteCount } from '../contracts/manifest.ts';

/** Looks at bytes that pass: how many, and their SHA-256. */
export interface ByteCounter {
  readonly add: (chunk: Uint8Array) => void;
  readonly bytes: number;
  /** Once, when the bytes have ended. */
  result(): ByteCount;
}

export function countBytes(): ByteCounter {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add: (chunk) => {
      hash.update(chunk);
      bytes += chunk.byteLength;
    },
    get bytes() {
      return bytes;
    },
    result: () => ({ bytes, sha256: hash.digest('hex') }),
  };
}

/** Whether two counts speak of the same bytes. */
export function isSameBytes(a: ByteCount, b: ByteCount): boolean {
  return a.bytes === b.bytes && a.sha256 === b.sha256;
}
