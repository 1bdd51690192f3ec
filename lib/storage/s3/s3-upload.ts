import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { AppError } from '../../core/errors.ts';
import type { S3Config } from '../../platform/config.ts';
import { endOnAbort, readBody } from '../body-stream.ts';
import type { StorageContext } from '../storage.ts';
import type { PartPlan } from './part-size.ts';
import type { S3Clients, S3Limits } from './s3-client.ts';
import { nameOf, statusOf, translateS3 } from './s3-errors.ts';

/** Tells our own object from another's after an answer was lost. */
export const runMetadata = 'holdfast-run';

export interface UploadTarget {
  readonly clients: S3Clients;
  readonly s3: S3Config;
  readonly limits: S3Limits;
  readonly key: string;
  readonly plan: PartPlan;
  /** Turned off for good when the server answers that it knows no conditional put. */
  readonly conditional: { isSupported: boolean };
}

/**
 * Sends `body` in parts and completes the object only after the body has ended. Resolves to the bytes sent. On any failure
 * the other parts are stopped, the body is destroyed and the upload is aborted. The SDK's own Upload class is not used:
 * after a failed part it reads the body to its end before it says so, and on abort it leaves requests running.
 */
export async function uploadBody(ctx: StorageContext, target: UploadTarget, body: Readable): Promise<number> {
  const { clients, s3, limits, key, plan, conditional } = target;
  const object = { Bucket: s3.bucket, Key: key };
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const isMine = async (): Promise<boolean> => {
    try {
      const head = await clients.control.send(new HeadObjectCommand(object), { abortSignal: signal });
      return head.Metadata?.[runMetadata] === ctx.runId;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  };

  /** Repeats what a network or a server in trouble refused. `isDone` asks whether a lost answer hid a success. */
  const persist = async (
    what: string,
    send: () => Promise<unknown>,
    isDone: (error: AppError) => Promise<boolean>,
  ): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await send();
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        if (statusOf(thrown) === 501 && conditional.isSupported) {
          conditional.isSupported = false;
          continue;
        }
        const error = translateS3(thrown, s3);
        const isLast = attempt >= limits.attempts || error.code !== 'storage_unreachable';
        if (await isDone(error).catch(() => false)) return;
        if (isLast) throw error;
        ctx.log.warn(`${what} failed, trying again`, { key, attempt, reason: nameOf(thrown) });
        await sleep(limits.firstPauseMs * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  };
  const ifNew = () => (conditional.isSupported ? { IfNoneMatch: '*' } : {});
  const parts: CompletedPart[] = [];
  const inFlight = new Set<Promise<void>>();
  const free: Buffer[] = [];
  let buffersMade = 0;
  let uploadId: string | undefined;
  let failure: unknown;

  const nextBuffer = async (): Promise<Buffer> => {
    for (;;) {
      if (failure !== undefined) throw failure as Error;
      const ready = free.pop();
      if (ready !== undefined) return ready;
      if (buffersMade < plan.buffers) {
        buffersMade += 1;
        return Buffer.allocUnsafeSlow(plan.partBytes);
      }
      await Promise.race(inFlight);
    }
  };
  const sendPart = async (buffer: Buffer, sizeBytes: number): Promise<void> => {
    const number = parts.length + 1;
    if (number > limits.maxParts) {
      throw new AppError('storage_full', 'the archive is more than twice as large as was estimated', {
        hint: 'Run the backup again; if it fails again, back up fewer tables at a time.',
        fields: { key, partBytes: plan.partBytes, maxParts: limits.maxParts },
      });
    }
    uploadId ??= (
      await clients.control.send(
        new CreateMultipartUploadCommand({ ...object, Metadata: { [runMetadata]: ctx.runId } }),
        { abortSignal: signal },
      )
    ).UploadId;
    const part: CompletedPart = { PartNumber: number };
    parts.push(part);
    const task = persist(
      `part ${number}`,
      async () => {
        const answer = await clients.uploads.send(
          new UploadPartCommand({
            ...object,
            UploadId: uploadId,
            PartNumber: number,
            Body: buffer.subarray(0, sizeBytes),
          }),
          { abortSignal: signal },
        );
        part.ETag = answer.ETag;
      },
      () => Promise.resolve(false),
    )
      .then(
        () => {
          free.push(buffer);
        },
        (error: unknown) => {
          failure ??= error;
          stop.abort(error);
          // A source that waits for hours must not keep a dead upload waiting.
          body.destroy(error as Error);
        },
      )
      .finally(() => {
        inFlight.delete(task);
      });
    inFlight.add(task);
  };
  /** A refused condition or a lost answer may stand for our own success. */
  const maybeMine = (error: AppError): Promise<boolean> =>
    ['storage_unreachable', 'object_exists', 'object_missing'].includes(error.code)
      ? isMine()
      : Promise.resolve(false);

  try {
    endOnAbort(body, ctx.signal);
    let buffer = await nextBuffer();
    let filledBytes = 0;
    let sentBytes = 0;
    for await (const chunk of readBody(body)) {
      let offset = 0;
      while (offset < chunk.byteLength) {
        if (filledBytes === plan.partBytes) {
          await sendPart(buffer, filledBytes);
          buffer = await nextBuffer();
          filledBytes = 0;
        }
        const taken = Math.min(plan.partBytes - filledBytes, chunk.byteLength - offset);
        buffer.set(chunk.subarray(offset, offset + taken), filledBytes);
        filledBytes += taken;
        offset += taken;
        sentBytes += taken;
      }
    }
    signal.throwIfAborted();
    if (uploadId === undefined) {
      const bytes = buffer.subarray(0, filledBytes);
      await persist(
        'the upload',
        () =>
          clients.uploads.send(
            new PutObjectCommand({
              ...object,
              ...ifNew(),
              Body: bytes,
              Metadata: { [runMetadata]: ctx.runId },
            }),
            { abortSignal: signal },
          ),
        maybeMine,
      );
      return sentBytes;
    }
    if (filledBytes > 0) await sendPart(buffer, filledBytes);
    await Promise.all(inFlight);
    signal.throwIfAborted();
    // Some servers accept the condition of a completion without looking at it.
    const taken = await clients.control.send(new HeadObjectCommand(object), { abortSignal: signal }).then(
      () => true,
      (error: unknown) => {
        if (statusOf(error) === 404) return false;
        throw error;
      },
    );
    if (taken) {
      throw new AppError('object_exists', `${key} exists already`, {
        hint: 'Nothing was overwritten; take the backup under another name.',
        fields: { key },
      });
    }
    await persist(
      'completing the upload',
      () =>
        clients.uploads.send(
          new CompleteMultipartUploadCommand({
            ...object,
            ...ifNew(),
            UploadId: uploadId,
            MultipartUpload: { Parts: parts },
          }),
          { abortSignal: signal },
        ),
      maybeMine,
    );
    return sentBytes;
  } catch (thrown) {
    const error = failure ?? thrown;
    stop.abort(error);
    await Promise.allSettled(inFlight);
    if (uploadId !== undefined) {
      await clients.control
        .send(new AbortMultipartUploadCommand({ ...object, UploadId: uploadId }), {
          abortSignal: AbortSignal.timeout(limits.connectTimeoutMs + limits.idleTimeoutMs),
        })
        .catch((abortError: unknown) => {
          ctx.log.warn('an upload could not be aborted; the next sweep removes it', {
            key,
            reason: nameOf(abortError),
          });
        });
    }
    throw error;
  }
}
