import { describe, expect, test } from 'vitest';
import { estimateDurationMs } from '#lib/core/estimate-duration.ts';

const MB = 1_000_000;
const measured = (bytes: number, durationMs: number) => ({ bytes, durationMs });

describe('estimateDurationMs', () => {
  test('grows with the bytes from the one nearest in size, the first of equals', () => {
    const all = [measured(100 * MB, 10_000), measured(100 * MB, 50_000), measured(900 * MB, 60_000)];
    expect(estimateDurationMs(200 * MB, all)).toBe(20_000);
    expect(estimateDurationMs(600 * MB, all)).toBe(40_000);
  });

  test('says nothing from what was much smaller or much larger: of a tiny one most is starting and ending', () => {
    expect(estimateDurationMs(12 * MB, [measured(2_600, 5_000)])).toBeNull();
    expect(estimateDurationMs(12 * MB, [measured(100_000 * MB, 3_600_000)])).toBeNull();
    expect(estimateDurationMs(12 * MB, [measured(2_600, 5_000), measured(12 * MB, 7_000)])).toBe(7_000);
  });

  test('never promises less than the shortest took', () => {
    expect(estimateDurationMs(MB, [measured(9 * MB, 6_000), measured(100 * MB, 4_000)])).toBe(4_000);
    expect(estimateDurationMs(MB, [measured(9 * MB, 6_000)])).toBe(6_000);
  });

  test('knows nothing from nothing, or from no bytes', () => {
    expect(estimateDurationMs(MB, [])).toBeNull();
    expect(estimateDurationMs(MB, [measured(0, 10)])).toBeNull();
  });
});
