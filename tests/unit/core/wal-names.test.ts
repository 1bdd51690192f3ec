import { expect, test } from 'vitest';
import { microsText, readMicros } from '#lib/core/micros.ts';
import {
  readHistory,
  readHistoryName,
  readLsn,
  readSegmentName,
  segmentAt,
  segmentName,
} from '#lib/core/wal-names.ts';

const MIB = 1024 * 1024;

test('a segment is named after its timeline and where it stands, for every size of segment', () => {
  expect(segmentName(1, segmentAt(0x3000148n, 16 * MIB), 16 * MIB)).toBe('000000010000000000000003');
  expect(segmentName(2, segmentAt(readLsn('16/B374D848') ?? 0n, 16 * MIB), 16 * MIB)).toBe(
    '0000000200000016000000B3',
  );
  expect(segmentName(1, segmentAt(readLsn('1/C0000000') ?? 0n, 1024 * MIB), 1024 * MIB)).toBe(
    '000000010000000100000003',
  );
  for (const bytes of [MIB, 16 * MIB, 1024 * MIB])
    for (const segment of [0n, 3n, 255n, 256n, 70_000n])
      expect(readSegmentName(segmentName(10, segment, bytes), bytes)).toEqual({ timeline: 10, segment });
});

test('what else lies beside segments is none', () => {
  for (const name of [
    '000000010000000000000003.partial',
    '000000010000000000000002.00000028.backup',
    '00000002.history',
    '.000000010000000000000003.partial-7',
    '00000001000000000000000g',
  ])
    expect(readSegmentName(name, 16 * MIB)).toBeNull();
  expect(readHistoryName('0000000A.history')).toBe(10);
  expect(readHistoryName('0000000A.history.tmp')).toBeNull();
});

test('a history names the timelines before, and where each was left', () => {
  expect(
    readHistory(
      '1\t0/5000060\tno recovery target specified\n\n2\t0/9000000\tbefore 2026-11-29 14:30:00+00\n',
    ),
  ).toEqual([
    { timeline: 1, end: 0x5000060n },
    { timeline: 2, end: 0x9000000n },
  ]);
});

test('an instant is read with its offset, to the microsecond, and printed as it was', () => {
  const at = Date.parse('2026-11-29T14:30:00Z') * 1000;
  for (const text of [
    '2026-11-29 14:30:00+00',
    '2026-11-29 14:30Z',
    '2026-11-29T15:30:00+01:00',
    '2026-11-29 20:00:00+0530',
    '2026-11-29 14:30:00 UTC',
  ])
    expect(readMicros(text), text).toBe(at);
  expect(readMicros('2026-11-29 14:30:00.000001+00')).toBe(at + 1);
  expect(microsText(at + 1)).toBe('2026-11-29 14:30:00.000001+00');
  expect(microsText(at)).toBe('2026-11-29 14:30:00+00');
  for (const text of [
    '2026-11-29 14:30:00',
    '2026-02-31 14:30:00+00',
    '2026-11-29',
    'now',
    '2026-11-29 25:00:00Z',
  ])
    expect(readMicros(text), text).toBeNull();
});
