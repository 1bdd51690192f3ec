import type { Depth, VerificationSummary } from '../contracts/verification.ts';
import { estimateDurationMs } from '../core/estimate-duration.ts';

export interface MeasuredVerification {
  /** Stored bytes of the backup it looked at. */
  readonly size: number;
  readonly verification: Pick<VerificationSummary, 'depth' | 'status' | 'durationMs' | 'finishedAt'>;
}

/**
 * How long verifying `size` stored bytes at `depth` takes, from those measured at that depth that came to their end, the newest of
 * equal size first; null where none of about that size was.
 */
export function estimateMs(
  depth: Depth,
  size: number,
  measured: readonly MeasuredVerification[],
): number | null {
  const newestFirst = measured.toSorted((a, b) =>
    (b.verification.finishedAt ?? '').localeCompare(a.verification.finishedAt ?? ''),
  );
  return estimateDurationMs(
    size,
    newestFirst.flatMap(({ verification, size: bytes }) =>
      verification.depth === depth && verification.status === 'PASSED' && verification.durationMs !== null
        ? [{ bytes, durationMs: verification.durationMs }]
        : [],
    ),
  );
}
