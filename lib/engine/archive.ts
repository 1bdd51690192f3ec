import type { Destination, Tier } from '../contracts/backup.ts';
import type { ByteCount, Manifest } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';

export interface ArchiveRequest {
  readonly id: string;
  readonly takenAt: Date;
  /** The first one names the remote folder. */
  readonly tiers: readonly Tier[];
  /** In order: the first is streamed to, the others are copied from it. */
  readonly destinations: readonly Destination[];
  /** Null backs up every table. */
  readonly tables: readonly string[] | null;
  readonly schemaOnly: boolean;
  readonly description: string | null;
  /** Plain bytes of the last like backup, for percent; null: estimate from the server. */
  readonly expectedPlainBytes: number | null;
  /** A further gzip around the file: `backup.sh --compress`. */
  readonly isGzipped?: boolean;
}

export interface ArchiveHooks {
  /** Resolves before the first byte goes to `destination`: the caller has committed what a crash would leave. */
  writing(destination: Destination, key: string, filename: string): Promise<void>;
  /** This copy was read back: size and SHA-256 agree. */
  stored(destination: Destination, sizeBytes: number, checkedAt: Date): Promise<void>;
}

export interface ArchiveCopy {
  readonly destination: Destination;
  readonly key: string;
  readonly sizeBytes: number;
  readonly checkedAt: Date;
}

export interface ArchiveResult {
  readonly filename: string;
  /** Full path or S3 key of the first copy. */
  readonly storagePath: string;
  readonly tableCount: number;
  readonly plain: ByteCount;
  readonly stored: ByteCount;
  readonly manifest: Manifest;
  readonly copies: readonly ArchiveCopy[];
  readonly durationMs: number;
}

/**
 * Takes one archive: preflight, dump, read-back at every destination, manifest last. When it throws (always an
 * AppError), what it made has been removed as far as the destinations could be reached.
 */
export function makeArchive(
  _config: Config,
  _request: ArchiveRequest,
  _hooks: ArchiveHooks,
  _ctx: RunContext,
): Promise<ArchiveResult> {
  return Promise.reject(new AppError('bug', 'makeArchive is not here yet'));
}

/** Removes archive and manifest of these copies. Safe to repeat; throws when a destination could not be asked. */
export function removeArchive(
  _config: Config,
  _copies: readonly { readonly destination: Destination; readonly key: string }[],
  _ctx: Pick<RunContext, 'runId' | 'signal' | 'log'>,
): Promise<void> {
  return Promise.reject(new AppError('bug', 'removeArchive is not here yet'));
}
