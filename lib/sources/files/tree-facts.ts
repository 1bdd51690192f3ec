import { createHash } from 'node:crypto';
import type { FileFacts } from '../../contracts/facts.ts';
import type { HashedEntry } from './tree-entry.ts';

/** What entries add up to. */
export type TreeFacts = Omit<FileFacts, 'changed' | 'changedCount'>;

const ROUND = (1n << 128n) - 1n;

/** The first 16 bytes of the SHA-256 of what stands between NULs, which no name can hold. */
function printOf(parts: readonly (string | number | bigint)[]): bigint {
  const digest = createHash('sha256')
    .update(`${parts.join('\0')}\0`, 'latin1')
    .digest();
  return (digest.readBigUInt64BE(0) << 64n) | digest.readBigUInt64BE(8);
}

const contentOf = ({ kind, path, sizeBytes, sha256, target }: HashedEntry): bigint => {
  switch (kind) {
    case 'file':
      return printOf(['file', path, sizeBytes, sha256]);
    case 'directory':
      return printOf(['directory', path]);
    case 'symlink':
    case 'hardlink':
      return printOf([kind, path, target]);
    case 'other':
      return 0n;
  }
};

const propertiesOf = ({ kind, path, mode, uid, gid, mtime }: HashedEntry): bigint => {
  switch (kind) {
    case 'file':
    case 'directory':
      return printOf([path, mode.toString(8), uid, gid, mtime]);
    case 'symlink':
      // Nobody looks at its mode, and systems differ in what they say of it.
      return printOf([path, '', uid, gid, mtime]);
    // One file with its first name, or nothing that is compared.
    case 'hardlink':
    case 'other':
      return 0n;
  }
};

const digits = (sum: bigint): string => sum.toString(16).padStart(32, '0');

/**
 * Adds up entries of an archive or of a tree, in any order and in flat memory (docs/format.md). Both must name as the file the
 * first of the names that one file has, in the order of their bytes, and as hardlinks the others.
 */
export function sumTree(): { readonly add: (entry: HashedEntry) => void; readonly facts: () => TreeFacts } {
  const counts = { file: 0, directory: 0, symlink: 0, hardlink: 0, other: 0 };
  let bytes = 0;
  let fingerprint = 0n;
  let properties = 0n;
  return {
    add: (entry) => {
      counts[entry.kind] += 1;
      bytes += entry.sizeBytes;
      fingerprint = (fingerprint + contentOf(entry)) & ROUND;
      properties = (properties + propertiesOf(entry)) & ROUND;
    },
    facts: () => ({
      files: counts.file + counts.hardlink,
      directories: counts.directory,
      links: counts.symlink,
      others: counts.other,
      bytes,
      fingerprint: digits(fingerprint),
      properties: digits(properties),
    }),
  };
}
