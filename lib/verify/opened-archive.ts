import type { Destination } from '../contracts/backup.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { SourceKind } from '../core/source-kind.ts';
import type { VerifyEvent, VerifyOrder } from '../contracts/verification.ts';

/** Where the archive to be restored lies: an object of a destination, or any file of this machine. */
export interface ArchivePlace {
  readonly destination: Destination;
  readonly key: string;
  /** The file itself where it is local; null in S3. */
  readonly path: string | null;
}

/**
 * A dump of which each byte is what its manifest tells, or, without one, that was read to its end: nothing of it can turn out to be
 * missing while it is restored.
 */
export interface OpenedPlain {
  /** The plain dump, a seekable file: in the folder given, or the archive itself where nothing had to be undone. */
  readonly file: string;
  readonly storedBytes: number;
}

/** Of a PostgreSQL source. */
export interface OpenedArchive extends OpenedPlain {
  /** An absolute path to a pg_restore that reads it. */
  readonly pgRestore: string;
  /** Null where none lies beside the archive, so that neither its bytes nor its rows can be held against anything. */
  readonly manifest: Manifest | null;
}

/** Of files, SQLite or Redis: what becomes a path again. */
export interface OpenedPathArchive extends OpenedPlain {
  readonly kind: Exclude<SourceKind, 'postgres'>;
  readonly manifest: Manifest;
}

export interface OpenOptions {
  /** Private and there; holds the decoded dump. */
  readonly folder: string;
  /** For an archive without a manifest, which does not tell who wrote it. */
  readonly serverMajor: number;
  /** Leaves the manifest unread: the archive is taken as it is. */
  readonly ignoresManifest: boolean;
  readonly say: (line: string) => void;
  /** What the catalogue noted; without one the manifest alone is believed. */
  readonly recorded?: VerifyOrder['recorded'];
  /** Sees progress and checks as they come. */
  readonly report?: (event: VerifyEvent) => void;
}
