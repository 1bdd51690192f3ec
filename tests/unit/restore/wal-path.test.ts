import { expect, test } from 'vitest';
import { readHistory } from '#lib/core/wal-names.ts';
import type { WalFolder } from '#lib/restore/wal-folder.ts';
import { cutWalPath, findWalPath, firstSegmentOf } from '#lib/restore/wal-path.ts';

const SEGMENT = 16 * 1024 * 1024;
const name = (timeline: number, segment: number): string =>
  `${String(timeline).padStart(8, '0')}00000000${segment.toString(16).toUpperCase().padStart(8, '0')}`;
const folder = (names: readonly string[], histories: Record<number, string> = {}): WalFolder => ({
  path: '/wal',
  segmentBytes: SEGMENT,
  segments: new Set(names),
  histories: new Map(
    Object.entries(histories).map(([timeline, text]) => [Number(timeline), readHistory(text)]),
  ),
});
const base = { timeline: 1, start: '0/2000028', end: '0/3000100', segmentBytes: SEGMENT };

test('what the base archive holds itself is not needed; from there on all is', () => {
  const path = findWalPath(folder([name(1, 1), name(1, 3), name(1, 4), name(1, 5)]), base, null);
  expect(path).toMatchObject({
    timeline: 1,
    segments: [name(1, 4), name(1, 5)],
    missing: null,
    inBase: [name(1, 3)],
  });
  expect(path.reach).toBe(0x6000000n);
  expect(cutWalPath(path, 1, SEGMENT)).toMatchObject({ segments: [name(1, 4)], reach: 0x5000000n });
  expect(firstSegmentOf(base)).toBe(name(1, 2));
});

test('the first missing segment is named where later ones are there, and none where the log just ends', () => {
  expect(findWalPath(folder([name(1, 4), name(1, 6), name(1, 8)]), base, null)).toMatchObject({
    segments: [name(1, 4)],
    missing: name(1, 5),
  });
  expect(findWalPath(folder([name(1, 4)]), base, null)).toMatchObject({ missing: null });
  expect(findWalPath(folder([]), base, null)).toMatchObject({ segments: [], missing: null });
  expect(findWalPath(folder([name(1, 5)]), base, null)).toMatchObject({ segments: [], missing: name(1, 4) });
});

test('a base archive that ends with its segment needs the next one', () => {
  expect(findWalPath(folder([name(1, 4)]), { ...base, end: '0/4000000' }, null).segments).toEqual([
    name(1, 4),
  ]);
});

test('the newest timeline is followed through the segment in which it left the old one', () => {
  const wal = folder([name(1, 4), name(1, 5), name(1, 6), name(2, 5), name(2, 6)], {
    2: '1\t0/5000060\tpromoted\n',
  });
  expect(findWalPath(wal, base, null)).toMatchObject({
    timeline: 2,
    segments: [name(1, 4), name(2, 5), name(2, 6)],
    missing: null,
  });
  expect(findWalPath(wal, base, 1)).toMatchObject({
    timeline: 1,
    segments: [name(1, 4), name(1, 5), name(1, 6)],
  });
});

test('a timeline that left before the base archive ended does not go on from it', () => {
  const wal = folder([name(1, 4), name(2, 2), name(2, 3)], { 2: '1\t0/2000060\tpromoted\n' });
  expect(findWalPath(wal, base, null).timeline).toBe(1);
  expect(() => findWalPath(wal, base, 2)).toThrow('does not go on from this base archive');
  expect(() => findWalPath(wal, base, 7)).toThrow('timeline 7');
});

test('left in the very segment in which the base archive ends, the new timeline has to bring its own', () => {
  const left = { 2: '1\t0/3000200\tpromoted\n' };
  expect(findWalPath(folder([name(2, 3), name(2, 4)], left), base, null).segments).toEqual([
    name(2, 3),
    name(2, 4),
  ]);
  expect(findWalPath(folder([name(1, 3), name(2, 4)], left), base, null)).toMatchObject({
    segments: [],
    missing: name(2, 3),
  });
});
