import { AppError } from '../../core/errors.ts';
import { humanBytes } from '../../core/bytes.ts';
import type { S3Limits } from './s3-client.ts';

const mebibyte = 1024 * 1024;
const partMaxBytes = 5 * 1024 * mebibyte;
/** What AWS and its likes hold in one object. */
const objectMaxBytes = 5 * 1024 * 1024 * mebibyte;

export interface PartPlan {
  readonly partBytes: number;
  /** Buffers of `partBytes`: one fills while the others are on their way. */
  readonly buffers: number;
}

/**
 * Parts large enough for twice the estimate, since an estimate errs. Throws `storage_full` when even the estimate
 * itself cannot become one object. Memory is `partBytes * buffers`.
 */
export function planParts(estimateBytes: number | undefined, limits: S3Limits): PartPlan {
  const estimate = estimateBytes ?? 0;
  const most = Math.min(objectMaxBytes, limits.maxParts * partMaxBytes);
  if (estimate > most) {
    throw new AppError(
      'storage_full',
      `about ${humanBytes(estimate)} do not fit into one S3 object of at most ${humanBytes(most)}`,
      {
        hint: 'Back up fewer tables at a time, or to local storage.',
        fields: { estimateBytes: estimate, objectMaxBytes: most },
      },
    );
  }
  const needed = Math.ceil((2 * estimate) / limits.maxParts / mebibyte) * mebibyte;
  const partBytes = Math.min(partMaxBytes, Math.max(limits.partMinBytes, needed));
  return { partBytes, buffers: Math.min(5, Math.max(2, Math.floor(limits.bufferBytes / partBytes))) };
}
