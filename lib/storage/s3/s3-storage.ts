import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { AppError } from '../../core/errors.ts';
import type { S3Config } from '../../platform/config.ts';
import { BodyFailure, endOnAbort } from '../body-stream.ts';
import { isObjectKey, requireKeyPrefix, requireObjectKey } from '../object-key.ts';
import type { Storage, StorageContext, StoredObject } from '../storage.ts';
import { planParts } from './part-size.ts';
import { createS3Clients, defaultS3Limits, type S3Limits } from './s3-client.ts';
import { statusOf, translateS3 } from './s3-errors.ts';
import { runMetadata, uploadBody } from './s3-upload.ts';

/** A download that knows how many bytes it owes, and for how long the server may be silent. */
class ObjectBody extends Readable {
  readonly #source: Readable;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #idleTimeoutMs: number;
  readonly #s3: S3Config;
  #left: number;

  constructor(source: Readable, length: number, idleTimeoutMs: number, s3: S3Config) {
    super({ highWaterMark: 512 * 1024 });
    this.#source = source;
    this.#chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#left = length;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#s3 = s3;
  }

  override _read(): void {
    // Runs only while we wait for the server: a slow reader of ours is no stall.
    const watch = setTimeout(() => {
      this.destroy(translateS3(Object.assign(new Error('no bytes came'), { code: 'ETIMEDOUT' }), this.#s3));
    }, this.#idleTimeoutMs);
    this.#chunks.next().then(
      (step) => {
        clearTimeout(watch);
        if (step.done === true) {
          if (this.#left === 0) this.push(null);
          else this.#fail();
          return;
        }
        this.#left -= step.value.length;
        if (this.#left < 0) this.#fail();
        else this.push(step.value);
      },
      (error: unknown) => {
        clearTimeout(watch);
        this.#fail(error);
      },
    );
  }

  #fail(cause?: unknown): void {
    if (this.destroyed) return;
    this.destroy(
      new AppError('short_read', 'the download broke off before all bytes came', {
        hint: 'Try again; if it happens again, check the network to the S3 server and verify this backup.',
        fields: { bucket: this.#s3.bucket, missingBytes: this.#left },
        cause,
      }),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.destroy();
    callback(error);
  }
}

export interface S3StorageOptions {
  /** Only unfinished uploads under it are swept: the bucket may hold other people's. */
  readonly sweepPrefix: string;
  readonly limits?: S3Limits;
}

/** Objects in one bucket of AWS S3 or an S3-compatible server. */
export function createS3Storage(
  s3: S3Config,
  { sweepPrefix, limits = defaultS3Limits }: S3StorageOptions,
): Storage {
  const clients = createS3Clients(s3, limits);
  const conditional = { isSupported: true };

  /** The signal's reason, if it was the signal; otherwise our name for what S3 or the network threw. */
  const guarded = async <T>(ctx: StorageContext, act: () => Promise<T>): Promise<T> => {
    try {
      ctx.signal.throwIfAborted();
      return await act();
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw error instanceof BodyFailure ? error.cause : translateS3(error, s3);
    }
  };

  const look = async (
    ctx: StorageContext,
    key: string,
  ): Promise<(StoredObject & { runId: string | undefined }) | null> => {
    try {
      const head = await clients.control.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: key }), {
        abortSignal: ctx.signal,
      });
      return {
        key,
        sizeBytes: head.ContentLength ?? 0,
        modifiedAt: head.LastModified ?? new Date(0),
        runId: head.Metadata?.[runMetadata],
      };
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    // The answer to HEAD has no body, so only this tells a missing object from a missing bucket.
    try {
      await clients.control.send(new HeadBucketCommand({ Bucket: s3.bucket }), { abortSignal: ctx.signal });
    } catch (error) {
      if (statusOf(error) === 404) {
        throw translateS3(Object.assign(new Error('no bucket'), { code: 'NoSuchBucket' }), s3);
      }
      if (statusOf(error) !== 403) throw error;
    }
    return null;
  };

  return {
    kind: 's3',

    async put(ctx, key, body, options = {}) {
      try {
        requireObjectKey(key);
        const plan = planParts(options.estimateBytes, limits);
        return await guarded(ctx, async () => {
          if ((await look(ctx, key)) !== null) {
            throw new AppError('object_exists', `${key} exists already`, {
              hint: 'Nothing was overwritten; take the backup under another name.',
              fields: { key, bucket: s3.bucket },
            });
          }
          const sentBytes = await uploadBody(ctx, { clients, s3, limits, key, plan, conditional }, body);
          const stored = await look(ctx, key);
          // Where the server knows no conditional completion, another put may have come last.
          if (stored !== null && stored.runId !== ctx.runId) {
            throw new AppError('object_exists', `another run stored ${key} at the same time`, {
              hint: 'This copy was replaced; take the backup again.',
              fields: { key, bucket: s3.bucket },
            });
          }
          if (stored?.sizeBytes !== sentBytes) {
            throw new AppError('integrity', `the S3 server does not hold what was sent under ${key}`, {
              hint: 'Do not trust this copy; check the S3 server and take the backup again.',
              fields: { key, sentBytes, storedBytes: stored?.sizeBytes ?? null },
            });
          }
          return { key, sizeBytes: stored.sizeBytes, modifiedAt: stored.modifiedAt };
        });
      } catch (error) {
        if (!body.destroyed) body.destroy();
        throw error;
      }
    },

    get(ctx, key, range) {
      requireObjectKey(key);
      return guarded(ctx, async () => {
        if (range?.length === 0) {
          const found = await look(ctx, key);
          if (found === null) throw missing(key);
          if (range.start > found.sizeBytes) throw tooShort(key, found.sizeBytes);
          return Readable.from([]);
        }
        const answer = await clients.downloads
          .send(
            new GetObjectCommand({
              Bucket: s3.bucket,
              Key: key,
              ...(range === undefined
                ? {}
                : { Range: `bytes=${range.start}-${range.start + range.length - 1}` }),
            }),
            { abortSignal: ctx.signal },
          )
          .catch((error: unknown) => {
            throw statusOf(error) === 404 && translateS3(error, s3).code === 'object_missing'
              ? missing(key, error)
              : error;
          });
        const source = answer.Body as Readable;
        const length = answer.ContentLength ?? 0;
        if (range !== undefined && length !== range.length) {
          source.destroy();
          throw tooShort(key, range.start + length);
        }
        const body = new ObjectBody(source, length, limits.idleTimeoutMs, s3);
        endOnAbort(body, ctx.signal);
        return body;
      });
    },

    openFile: () => Promise.resolve(null),

    stat(ctx, key) {
      requireObjectKey(key);
      return guarded(ctx, async () => {
        const found = await look(ctx, key);
        return found === null ? null : { key, sizeBytes: found.sizeBytes, modifiedAt: found.modifiedAt };
      });
    },

    async *list(ctx, prefix) {
      requireKeyPrefix(prefix);
      const pages = paginateListObjectsV2(
        { client: clients.control },
        { Bucket: s3.bucket, Prefix: prefix },
        { abortSignal: ctx.signal },
      )[Symbol.asyncIterator]();
      for (;;) {
        const page = await guarded(ctx, () => pages.next());
        if (page.done === true) return;
        for (const item of page.value.Contents ?? []) {
          if (item.Key === undefined || !isObjectKey(item.Key)) continue;
          yield { key: item.Key, sizeBytes: item.Size ?? 0, modifiedAt: item.LastModified ?? new Date(0) };
        }
      }
    },

    remove(ctx, key) {
      requireObjectKey(key);
      return guarded(ctx, async () => {
        try {
          await clients.control.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key: key }), {
            abortSignal: ctx.signal,
          });
        } catch (error) {
          if (translateS3(error, s3).code !== 'object_missing') throw error;
        }
      });
    },

    sweep(ctx, before, onlyKey) {
      return guarded(ctx, async () => {
        let removed = 0;
        let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
        for (;;) {
          const page = await clients.control.send(
            new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: onlyKey ?? sweepPrefix, ...marker }),
            { abortSignal: ctx.signal },
          );
          for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
            if (Key === undefined || !isObjectKey(Key) || Initiated === undefined || Initiated >= before)
              continue;
            // Another key may start with this one.
            if (onlyKey !== undefined && Key !== onlyKey) continue;
            await clients.control
              .send(new AbortMultipartUploadCommand({ Bucket: s3.bucket, Key, UploadId }), {
                abortSignal: ctx.signal,
              })
              .then(
                () => {
                  removed += 1;
                },
                (error: unknown) => {
                  // Completed or aborted since it was listed.
                  if (statusOf(error) !== 404) throw error;
                },
              );
          }
          if (page.IsTruncated !== true) return removed;
          marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
        }
      });
    },

    close() {
      for (const client of Object.values(clients)) (client as { destroy(): void }).destroy();
      return Promise.resolve();
    },
  };

  function missing(key: string, cause?: unknown): AppError {
    return new AppError('object_missing', `${key} is not in bucket ${s3.bucket}`, {
      hint: 'It was deleted outside Holdfast; choose another backup.',
      fields: { key, bucket: s3.bucket },
      cause,
    });
  }
  function tooShort(key: string, sizeBytes: number): AppError {
    return new AppError('short_read', `${key} has fewer bytes than asked for`, {
      hint: 'The object is shorter than the catalogue says; verify this backup.',
      fields: { key, bucket: s3.bucket, sizeBytes },
    });
  }
}
