import { describe, expect, test } from 'vitest';
import type { TimelinePoint } from '#lib/contracts/timeline.ts';
import { dropsOf, percentText } from '#lib/client/timeline-drops.ts';

const point = (id: string, rows: number | null, isDrop = false): TimelinePoint => ({
  backupId: id,
  filename: id,
  takenAt: '2026-11-21T00:00:00.000Z',
  status: 'COMPLETED',
  rows,
  fingerprint: null,
  bytes: null,
  isProven: false,
  changePercent: null,
  isDrop,
});

describe('dropsOf', () => {
  test('names the last backup whose rows are known before each drop, newest drop first', () => {
    const points = [
      point('a', 100),
      point('b', 40, true),
      point('c', 90),
      point('d', null),
      point('e', 10, true),
    ];
    expect(
      dropsOf({ points }).map(({ at, before, lostRows }) => [at.backupId, before.backupId, lostRows]),
    ).toEqual([
      ['e', 'c', 80],
      ['b', 'a', 60],
    ]);
  });

  test('finds none where none is marked', () => {
    expect(dropsOf({ points: [point('a', 100), point('b', 40)] })).toEqual([]);
  });
});

test('percentText is as fine as it is of use', () => {
  expect([-55.6, 4.45, 114.2, 0].map(percentText)).toEqual(['−56 %', '+4.5 %', '+114 %', '0 %']);
});
