import { describe, expect, test } from 'vitest';
import { estimateMs, type MeasuredVerification } from '#lib/client/verify-estimate.ts';

const measured = (
  size: number,
  durationMs: number | null,
  more: Partial<MeasuredVerification['verification']> = {},
): MeasuredVerification => ({
  size,
  verification: {
    depth: 'restore',
    status: 'PASSED',
    durationMs,
    finishedAt: '2026-11-21T00:00:00Z',
    ...more,
  },
});

describe('estimateMs', () => {
  test('takes the newest of equal size, measured at that depth, and lets time grow with the bytes', () => {
    const all = [
      measured(100, 5_000, { finishedAt: '2026-11-01T00:00:00Z' }),
      measured(100, 1_000),
      measured(100, 9_000, { depth: 'bytes' }),
    ];
    expect(estimateMs('restore', 300, all)).toBe(3_000);
  });

  test('knows nothing from one that did not come to its end, or of no bytes', () => {
    expect(estimateMs('restore', 300, [])).toBeNull();
    expect(estimateMs('restore', 300, [measured(100, 10, { status: 'FAILED' })])).toBeNull();
    expect(estimateMs('restore', 300, [measured(0, 10)])).toBeNull();
    expect(estimateMs('restore', 300, [measured(100, null)])).toBeNull();
  });
});
