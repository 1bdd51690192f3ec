import { createHash } from 'node:crypto';
import type { FileFacts } from '../../contracts/facts.ts';

/** One entry of a tree, as an archive or a disk has it. */
export interface TreeEntry {
  /** Below the root, its bytes as latin1, so that no name is lost; empty for the root itself. */
  readonly path: string;
  /** `hard-link`: another name of a file that came before. */
  readonly kind: 'file' | 'directory' | 'link' | 'hard-link' | 'other';
  /** The lower twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds, rounded down. */
  readonly changedAtSeconds: number;
  /** Of a file; 0 otherwise. */
  readonly sizeBytes: number;
  /** SHA-256 of a file's content, hexadecimal; empty otherwise. */
  readonly sha256: string;
  /** Where a link leads, its bytes as latin1; empty otherwise. */
  readonly target: string;
}

const BITS = 128;

/** The first 128 bits of the SHA-256 of a line, as a number. */
const printOf = (line: string): bigint =>
  BigInt(`0x${createHash('sha256').update(Buffer.from(line, 'latin1')).digest('hex').slice(0, 32)}`);

const hex = (sum: bigint): string => BigInt.asUintN(BITS, sum).toString(16).padStart(32, '0');

/**
 * Adds entries up to facts (docs/format.md): both fingerprints are sums, so that the order of the entries does not matter and
 * memory stays flat however many there are.
 */
export function sumTree(): {
  add(entry: TreeEntry): void;
  facts(changed: readonly string[], changedCount: number): FileFacts;
} {
  const counts = { file: 0, directory: 0, link: 0, 'hard-link': 0, other: 0 };
  let bytes = 0;
  let contents = 0n;
  let properties = 0n;
  return {
    add: (entry) => {
      const { path, kind, mode, uid, gid, changedAtSeconds, sizeBytes, sha256, target } = entry;
      counts[kind] += 1;
      bytes += sizeBytes;
      contents += printOf([path, kind, String(sizeBytes), sha256, target].join('\0'));
      // A further name of a file has the properties of that file; a link's mode is nobody's choice.
      if (kind === 'hard-link') return;
      const shownMode = kind === 'link' ? '' : mode.toString(8);
      properties += printOf([path, shownMode, String(uid), String(gid), String(changedAtSeconds)].join('\0'));
    },
    facts: (changed, changedCount) => ({
      files: counts.file + counts['hard-link'],
      directories: counts.directory,
      links: counts.link,
      others: counts.other,
      bytes,
      fingerprint: hex(contents),
      properties: hex(properties),
      changed: [...changed],
      changedCount,
    }),
  };
}
