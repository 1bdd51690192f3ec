import { constants, type Stats } from 'node:fs';
import {
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AppError } from '../../core/errors.ts';
import { BodyFailure, endOnAbort, readBody } from '../body-stream.ts';
import {
  isObjectKey,
  isPartialName,
  partialName,
  requireKeyPrefix,
  requireObjectKey,
} from '../object-key.ts';
import type { Storage, StorageContext, StoredObject } from '../storage.ts';

/** What waits in memory while the batch before it is written. */
const writeBatchBytes = 1024 * 1024;
const syncBatchBytes = 32 * 1024 * 1024;
/** Measured: reading back takes two thirds of what it takes with 64 KiB, and no more memory where dead chunks go at once (docs/adr/0026). */
const readChunkBytes = 512 * 1024;
/** The next chunk is read while the last one is looked at. */
const readAheadBytes = 1024 * 1024;

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
const isMissing = (thrown: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown));

/** A file system's refusal as one of ours; anything else as it came. */
function translate(thrown: unknown, path: string): unknown {
  if (thrown instanceof AppError) return thrown;
  const because = { fields: { path, reason: codeOf(thrown) }, cause: thrown };
  switch (codeOf(thrown)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError('storage_full', `the disk that holds ${path} is full`, {
        hint: 'Free space or make the volume larger; earlier backups are untouched.',
        ...because,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError('storage_auth', `no permission to use ${path}`, {
        hint: 'Give the user that runs the worker read and write permission on this folder.',
        ...because,
      });
    case 'EIO':
    case 'ESTALE':
    case 'ENOTCONN':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
    case 'ENODEV':
      return new AppError('storage_unreachable', `the file system that holds ${path} does not answer`, {
        hint: 'Check the disk or network mount and its kernel messages.',
        ...because,
      });
    case 'ELOOP':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENAMETOOLONG':
      return new AppError('invalid', `${path} cannot be used as a file`, {
        hint: 'Remove the symbolic link or file that stands in its way.',
        ...because,
      });
    default:
      return thrown;
  }
}

const isPlainFile = (stats: Stats): boolean => stats.isFile();

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes all of `body` in batches, the next one filling while the last one is written. */
async function writeAll(file: FileHandle, body: Readable, path: string): Promise<void> {
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  let failure: unknown;
  let writing: Promise<void> = Promise.resolve();
  let unsyncedBytes = 0;
  let syncing: Promise<void> | undefined;
  // A disk that has been busy all along has little left to do when the last byte is written.
  const syncAside = (): void => {
    if (syncing !== undefined || unsyncedBytes < syncBatchBytes) return;
    unsyncedBytes = 0;
    syncing = file.datasync().then(
      () => {
        syncing = undefined;
      },
      (error: unknown) => {
        // The system tells of a lost write once: the sync at the end would know nothing of it.
        failure ??= error;
      },
    );
  };
  const flush = async (): Promise<void> => {
    await writing;
    // The body must not be read to its end for a disk that is already full.
    if (failure !== undefined) throw translate(failure, path);
    syncAside();
    let rest = batch;
    unsyncedBytes += batchBytes;
    batch = [];
    batchBytes = 0;
    writing = (async () => {
      try {
        while (rest.length > 0) {
          let { bytesWritten } = await file.writev(rest);
          // A disk that fills up takes the first part of a batch without an error.
          rest = rest.flatMap((chunk) => {
            const skip = Math.min(bytesWritten, chunk.byteLength);
            bytesWritten -= skip;
            return skip === chunk.byteLength ? [] : [chunk.subarray(skip)];
          });
        }
      } catch (error) {
        failure = error;
      }
    })();
  };
  try {
    for await (const bytes of readBody(body)) {
      if (bytes.byteLength === 0) continue;
      batch.push(bytes);
      batchBytes += bytes.byteLength;
      if (batchBytes >= writeBatchBytes || batch.length >= 512) await flush();
    }
    await flush();
  } finally {
    await writing;
    await syncing;
  }
  if (failure !== undefined) throw translate(failure, path);
}

/** A file's bytes from `start`; errors with `short_read` when the file ends before `length` bytes were read. */
class FileBody extends Readable {
  readonly #file: FileHandle;
  readonly #path: string;
  #position: number;
  #left: number;
  #isReading = false;
  #whenIdle: (() => void) | undefined;

  constructor(file: FileHandle, path: string, start: number, length: number) {
    super({ highWaterMark: readAheadBytes });
    this.#file = file;
    this.#path = path;
    this.#position = start;
    this.#left = length;
  }

  override _read(): void {
    if (this.#left === 0) {
      this.push(null);
      return;
    }
    const buffer = Buffer.allocUnsafe(Math.min(readChunkBytes, this.#left));
    this.#isReading = true;
    void this.#file.read(buffer, 0, buffer.length, this.#position).then(
      ({ bytesRead }) => {
        this.#isReading = false;
        this.#whenIdle?.();
        if (bytesRead === 0) {
          this.destroy(
            new AppError('short_read', 'the file ended before all of it was read', {
              hint: 'Something shortened the file; verify this backup.',
              fields: { path: this.#path, missingBytes: this.#left },
            }),
          );
          return;
        }
        this.#position += bytesRead;
        this.#left -= bytesRead;
        this.push(buffer.subarray(0, bytesRead));
      },
      (error: unknown) => {
        this.#isReading = false;
        this.#whenIdle?.();
        this.destroy(translate(error, this.#path) as Error);
      },
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const close = () => {
      this.#file.close().then(
        () => {
          callback(error);
        },
        (failure: unknown) => {
          callback(error ?? (failure as Error));
        },
      );
    };
    // Closing under a read would hand its descriptor number to another file.
    if (this.#isReading) this.#whenIdle = close;
    else close();
  }
}

/** Objects as files under `root`, which is created when needed; folders 0700, files 0600. Links inside `root` are refused. */
export function createLocalStorage(root: string): Storage {
  const prepareRoot = async (): Promise<string> => {
    await mkdir(root, { recursive: true, mode: 0o700 });
    return realpath(root);
  };

  /** The folder of `key`, every step of it a true folder. Missing ones are made, or reported as null. */
  const findFolder = async (parts: readonly string[], isMade: boolean): Promise<string | null> => {
    let path: string;
    try {
      path = isMade ? await prepareRoot() : await realpath(root);
    } catch (error) {
      if (!isMade && isMissing(error)) return null;
      throw error;
    }
    for (const part of parts) {
      const parent = path;
      path = join(path, part);
      if (isMade) {
        try {
          await mkdir(path, { mode: 0o700 });
          await syncFolder(parent);
        } catch (error) {
          if (codeOf(error) !== 'EEXIST') throw error;
        }
      }
      let stats: Stats;
      try {
        stats = await lstat(path);
      } catch (error) {
        if (!isMade && isMissing(error)) return null;
        throw error;
      }
      if (!stats.isDirectory()) {
        throw new AppError('invalid', `${path} is not a folder`, {
          hint: 'Symbolic links and files inside the backup folder are not followed; remove it or move it away.',
          fields: { path },
        });
      }
    }
    return path;
  };

  const locate = async (key: string, isMade: boolean): Promise<{ folder: string; path: string } | null> => {
    const parts = key.split('/');
    const name = parts.pop() ?? '';
    const folder = await findFolder(parts, isMade);
    return folder === null ? null : { folder, path: join(folder, name) };
  };

  const guarded = async <T>(key: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw translate(error, join(root, key));
    }
  };

  const describe = (key: string, stats: Stats): StoredObject => ({
    key,
    sizeBytes: stats.size,
    modifiedAt: stats.mtime,
  });

  const lookUp = async (key: string): Promise<{ path: string; stats: Stats } | null> => {
    const place = await locate(key, false);
    if (place === null) return null;
    try {
      const stats = await lstat(place.path);
      return isPlainFile(stats) ? { path: place.path, stats } : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  };

  const openObject = async (key: string): Promise<{ path: string; file: FileHandle }> => {
    const found = await lookUp(key);
    if (found === null) {
      throw new AppError('object_missing', `${key} is not in ${root}`, {
        hint: 'It was deleted or moved outside Holdfast; choose another backup.',
        fields: { key },
      });
    }
    return { path: found.path, file: await open(found.path, constants.O_RDONLY | constants.O_NOFOLLOW) };
  };

  const exists = (key: string, cause?: unknown): AppError =>
    new AppError('object_exists', `${key} exists already`, {
      hint: 'Nothing was overwritten; take the backup under another name.',
      fields: { key },
      cause,
    });

  /** All files under the folder `parts`, in the byte order of their keys. */
  async function* walk(parts: readonly string[]): AsyncGenerator<{ key: string; path: string }> {
    const folder = await findFolder(parts, false);
    if (folder === null) return;
    const entries = await readdir(folder, { withFileTypes: true });
    const named = entries.map((entry) => ({
      entry,
      // "a-" sorts before "a/b", as it does in a bucket.
      order: Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name),
    }));
    named.sort((a, b) => Buffer.compare(a.order, b.order));
    for (const { entry } of named) {
      const inner = [...parts, entry.name];
      if (entry.isDirectory()) {
        if (isObjectKey(inner.join('/'))) yield* walk(inner);
      } else if (entry.isFile()) yield { key: inner.join('/'), path: join(folder, entry.name) };
    }
  }

  return {
    kind: 'local',

    async put(ctx: StorageContext, key, body) {
      try {
        requireObjectKey(key);
        ctx.signal.throwIfAborted();
        return await guarded(key, async () => {
          const place = await locate(key, true);
          if (place === null) throw new Error('a folder vanished while it was made');
          const { folder, path } = place;
          // Refuse before the dump runs for an hour; link() below is what holds against a race.
          if ((await lstat(path).catch(() => null)) !== null) throw exists(key);
          const temporary = partialName(path, ctx.runId);
          const file = await open(temporary, 'wx', 0o600);
          try {
            let stats: Stats;
            try {
              endOnAbort(body, ctx.signal);
              await writeAll(file, body, path);
              await file.sync();
              stats = await file.stat();
            } finally {
              await file.close();
            }
            ctx.signal.throwIfAborted();
            try {
              await link(temporary, path);
            } catch (error) {
              throw codeOf(error) === 'EEXIST' ? exists(key, error) : error;
            }
            await unlink(temporary);
            await syncFolder(folder);
            return describe(key, stats);
          } catch (error) {
            await unlink(temporary).catch((failure: unknown) => {
              if (!isMissing(failure)) {
                ctx.log.warn('an unfinished file could not be removed', { path: temporary, error: failure });
              }
            });
            throw error;
          }
        });
      } catch (error) {
        // Whoever produces the body must learn that nobody reads it.
        if (!body.destroyed) body.destroy();
        ctx.signal.throwIfAborted();
        throw error instanceof BodyFailure ? error.cause : error;
      }
    },

    async get(ctx, key, range) {
      requireObjectKey(key);
      ctx.signal.throwIfAborted();
      return guarded(key, async () => {
        const { path, file } = await openObject(key);
        const { size } = await file.stat();
        const start = range?.start ?? 0;
        const length = range?.length ?? size;
        if (start + length > size) {
          await file.close();
          throw new AppError('short_read', `${key} has fewer bytes than asked for`, {
            hint: 'The file is shorter than the catalogue says; verify this backup.',
            fields: { key, sizeBytes: size, start, length },
          });
        }
        const body = new FileBody(file, path, start, length);
        endOnAbort(body, ctx.signal);
        return body;
      });
    },

    async openFile(ctx, key) {
      requireObjectKey(key);
      ctx.signal.throwIfAborted();
      return guarded(key, async () => {
        const { file } = await openObject(key);
        const opened = await file.stat({ bigint: true });
        // Linux shows the position that a descriptor shares with a child which was given it.
        const shown = `/proc/self/fdinfo/${String(file.fd)}`;
        const readBytes = async (): Promise<number> =>
          Number(/^pos:\s+(\d+)/.exec(await readFile(shown, 'utf8'))?.[1]);
        if ((await readBytes().catch(() => null)) !== 0) {
          await file.close();
          return null;
        }
        return {
          descriptor: file.fd,
          sizeBytes: Number(opened.size),
          readBytes,
          read: (buffer, position) =>
            guarded(key, async () => (await file.read(buffer, 0, buffer.length, position)).bytesRead),
          hasChanged: () =>
            guarded(key, async () => (await file.stat({ bigint: true })).mtimeNs !== opened.mtimeNs),
          [Symbol.asyncDispose]: () => file.close(),
        };
      });
    },

    async stat(ctx, key) {
      requireObjectKey(key);
      ctx.signal.throwIfAborted();
      const found = await guarded(key, () => lookUp(key));
      return found === null ? null : describe(key, found.stats);
    },

    async *list(ctx, prefix) {
      requireKeyPrefix(prefix);
      try {
        for await (const { key, path } of walk(prefix.split('/').slice(0, -1))) {
          ctx.signal.throwIfAborted();
          if (!key.startsWith(prefix) || !isObjectKey(key)) continue;
          let stats: Stats;
          try {
            stats = await lstat(path);
          } catch (error) {
            // Removed since the folder was read.
            if (isMissing(error)) continue;
            throw error;
          }
          if (isPlainFile(stats)) yield describe(key, stats);
        }
      } catch (error) {
        throw translate(error, root);
      }
    },

    async remove(ctx, key) {
      requireObjectKey(key);
      ctx.signal.throwIfAborted();
      await guarded(key, async () => {
        const found = await lookUp(key);
        if (found === null) return;
        try {
          await unlink(found.path);
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
        await syncFolder(join(found.path, '..'));
      });
    },

    async sweep(ctx, before, onlyKey) {
      return guarded('', async () => {
        let removed = 0;
        for await (const { key, path } of walk([])) {
          ctx.signal.throwIfAborted();
          if (!isPartialName(key)) continue;
          if (onlyKey !== undefined && !key.startsWith(`${onlyKey}.partial-`)) continue;
          try {
            const stats = await lstat(path);
            if (stats.mtime >= before) continue;
            await unlink(path);
            removed += 1;
          } catch (error) {
            if (!isMissing(error)) throw error;
          }
        }
        return removed;
      });
    },

    close: () => Promise.resolve(),
  };
}
