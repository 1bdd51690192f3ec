/** A name or path as the bytes it is, one character for each (latin1): on Unix no name has to be UTF-8. Sorts as tar sorts. */
export type ByteText = string;

export const bytesOf = (text: ByteText): Buffer => Buffer.from(text, 'latin1');
export const byteText = (bytes: Buffer | string): ByteText =>
  (typeof bytes === 'string' ? Buffer.from(bytes) : bytes).toString('latin1');
/** For people. */
export const shown = (text: ByteText): string => bytesOf(text).toString('utf8');

/** `hardlink`: a further name of a file that came before it. `other`: a device, pipe or socket. */
export type EntryKind = 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';

/** What both an archive and a tree tell of an entry. */
export interface TreeEntry {
  /** Below the root, without `./`; `.` for the root itself, which may be a single file. */
  readonly path: ByteText;
  readonly kind: EntryKind;
  /** The twelve bits of permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970, rounded down. */
  readonly mtime: bigint;
  /** Of a file's content, else 0. */
  readonly sizeBytes: number;
  /** Where a symlink points; of a hardlink, the path of the first name. */
  readonly target: ByteText;
}

/** What goes into facts: an entry, and of a file the SHA-256 of its content in 64 hexadecimal digits. */
export interface HashedEntry extends TreeEntry {
  readonly sha256: string;
}
