import type { ByteCount, Manifest } from '../contracts/manifest.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { isSameBytes } from '../pipeline/byte-count.ts';
import type { VerifyRun } from './verify-run.ts';

/** Whether the archive is there with the size its manifest tells. */
export async function checkObject(
  { storage, order, findings, ctx }: VerifyRun,
  manifest: Manifest | null,
): Promise<boolean> {
  const check = findings.open('object');
  let sizeBytes: number | undefined;
  try {
    sizeBytes = (await storage.stat(ctx, order.key))?.sizeBytes;
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    check.unknown(toAppError(thrown));
    return false;
  }
  if (sizeBytes === undefined) {
    check.failed(
      new AppError('object_missing', 'the archive is not there', {
        hint: 'Someone removed it outside Holdfast: look there, and take a new backup.',
        fields: { key: order.key },
      }),
      { expected: order.key, found: 'nothing' },
    );
    return false;
  }
  check.passed({ expected: order.key, found: order.key });
  if (manifest === null) return true;
  const size = findings.open('size');
  const seen = { expected: String(manifest.stored.bytes), found: String(sizeBytes) };
  if (sizeBytes === manifest.stored.bytes) size.passed(seen);
  else {
    const how = sizeBytes < manifest.stored.bytes ? 'shorter' : 'longer';
    size.failed(
      new AppError('integrity', `the archive is ${how} than what was written`, {
        hint: 'Do not count on this backup: take a new one, and find out what changed the archive.',
      }),
      seen,
    );
  }
  return true;
}

/** Whether the archive has exactly the bytes its manifest tells. `read` reads them. */
export async function checkBytes(
  { findings, ctx }: VerifyRun,
  manifest: Manifest,
  read: () => Promise<ByteCount>,
): Promise<boolean> {
  const check = findings.open('sha256');
  let found: ByteCount;
  try {
    found = await read();
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const error = toAppError(thrown);
    if (error.code === 'object_missing') check.failed(error);
    else check.unknown(error);
    return false;
  }
  const seen = { expected: manifest.stored.sha256, found: found.sha256 };
  if (isSameBytes(found, manifest.stored)) {
    check.passed(seen);
    return true;
  }
  check.failed(
    new AppError('integrity', 'the archive is not what was written', {
      hint: 'Do not count on this backup: take a new one, and find out what changed the archive.',
    }),
    seen,
  );
  return false;
}
