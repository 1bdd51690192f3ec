import { expect, test } from 'vitest';
import { compactCount, countTicks, linePath } from '#lib/client/chart-scale.ts';

test('ticks are whole, round, begin at zero and reach the largest value', () => {
  expect(countTicks(14_600)).toEqual([0, 5_000, 10_000, 15_000]);
  expect(countTicks(3)).toEqual([0, 1, 2, 3]);
  expect(countTicks(0)).toEqual([0, 1]);
  for (const max of [1, 7, 99, 101, 12_345, 9_999_999]) {
    const ticks = countTicks(max);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every(Number.isInteger)).toBe(true);
  }
});

test('large counts are short on an axis', () => {
  expect([0, 950, 1_000, 2_500, 150_000, 2_000_000].map(compactCount)).toEqual([
    '0',
    '950',
    '1k',
    '2.5k',
    '150k',
    '2M',
  ]);
});

test('a line breaks where a value is not known', () => {
  expect(linePath([{ x: 0, y: 1 }, { x: 1, y: 2 }, null, { x: 3, y: 4 }])).toBe('M0.0 1.0L1.0 2.0M3.0 4.0');
});
