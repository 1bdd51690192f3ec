import type { Readable } from 'node:stream';
import type { RunContext } from '../core/run-context.ts';

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** What storage needs of a run; a RunContext is one. */
export type StorageContext = Pick<RunContext, 'runId' | 'signal' | 'log'>;

/** An object that is a file of this machine, held open: whatever becomes of its name, it stays this one. */
export interface ObjectFile extends AsyncDisposable {
  /** For one program that reads the file from its start. */
  readonly descriptor: number;
  readonly sizeBytes: number;
  /** How far that program has read. */
  readBytes(): Promise<number>;
  /** Fills `buffer` with what stands at `position`, as far as the file goes; says how much that was. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Whether somebody wrote to it since it was opened. */
  hasChanged(): Promise<boolean>;
}

/**
 * A place that holds objects under keys (`backups/daily/2026-11-21/x.dump.zst`). Every implementation passes
 * tests/contract/storage.contract.ts. Keys are relative, `/`-separated, at most 1,024 bytes; `..`, empty parts, NUL and
 * control characters are refused with `invalid`.
 */
export interface Storage {
  readonly kind: 'local' | 's3';
  /**
   * Nothing appears under `key` unless `body` ended; when this resolves, the object is durable. Throws
   * `object_exists` if the key is taken, `storage_full`, `storage_auth`, `storage_unreachable`. If `body` errors, rethrows
   * its error and leaves at most what `sweep` finds. `estimateBytes` chooses part sizes; it may be wrong.
   */
  put(
    ctx: StorageContext,
    key: string,
    body: Readable,
    options?: { readonly estimateBytes?: number | undefined },
  ): Promise<StoredObject>;
  /** Throws `object_missing`. The stream errors with `short_read` if fewer bytes arrive than promised. */
  get(
    ctx: StorageContext,
    key: string,
    range?: { readonly start: number; readonly length: number },
  ): Promise<Readable>;
  /** Throws `object_missing`. Null where objects are no files of this machine, and where it does not tell how far one was read. */
  openFile(ctx: StorageContext, key: string): Promise<ObjectFile | null>;
  /** Null when there is no such object. */
  stat(ctx: StorageContext, key: string): Promise<StoredObject | null>;
  list(ctx: StorageContext, prefix: string): AsyncIterable<StoredObject>;
  /** Removing what is not there succeeds. */
  remove(ctx: StorageContext, key: string): Promise<void>;
  /**
   * Removes leftovers of interrupted puts (temporary files, multipart uploads) older than `before`; of this key only, where one
   * is given. Returns how many.
   */
  sweep(ctx: StorageContext, before: Date, key?: string): Promise<number>;
  close(): Promise<void>;
}
