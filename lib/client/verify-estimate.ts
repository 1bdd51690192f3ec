import type { Depth, VerificationSummary } from '../contracts/verification.ts';

export interface MeasuredVerification {
  /** Stored bytes of the backup it looked at. */
  readonly size: number;
  readonly verification: Pick<VerificationSummary, 'depth' | 'status' | 'durationMs' | 'finishedAt'>;
}

/**
 * How long verifying `size` stored bytes at `depth` takes, from the newest one measured at that depth that came to its
 * end; null when none was. Time is taken to grow with the bytes.
 */
export function estimateMs(
  depth: Depth,
  size: number,
  measured: readonly MeasuredVerification[],
): number | null {
  const newest = measured
    .filter(
      ({ verification, size: of }) =>
        verification.depth === depth && verification.status === 'PASSED' && of > 0,
    )
    .toSorted((a, b) => (b.verification.finishedAt ?? '').localeCompare(a.verification.finishedAt ?? ''))[0];
  if (newest?.verification.durationMs == null) return null;
  return Math.round(newest.verification.durationMs * (size / newest.size));
}
