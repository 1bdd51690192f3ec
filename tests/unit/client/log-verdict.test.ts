import { expect, test } from 'vitest';
import type { LogReading, LogState } from '#lib/contracts/log.ts';
import { logVerdict } from '#lib/client/log-verdict.ts';

const NOW = new Date('2026-11-30T12:00:00Z');
const stretch = {
  from: '2026-11-28T12:00:00.000Z',
  until: '2026-11-30T11:58:00.000Z',
  lastSegment: '00000001000000000000000A',
  missing: null,
  bases: [],
};
const state = (more: Partial<LogReading>, minutesAgo = 4): LogState => ({
  isKept: true,
  readAt: new Date(NOW.getTime() - minutesAgo * 60_000).toISOString(),
  reading: { stretches: [stretch], flaw: null, archiveTimeoutSeconds: 300, ...more },
  error: null,
});

test.each([
  [state({}), 'OK', 'Kept'],
  [state({}, 19), 'OK', 'Kept'],
  // Never green because nobody looked.
  [state({}, 21), 'WARNING', 'Not known'],
  [state({ flaw: 'archiving fails' }), 'CRITICAL', 'Not kept'],
  [state({ stretches: [] }), 'WARNING', 'No base archive'],
  [state({ stretches: [{ ...stretch, missing: '00000001000000000000000B' }] }), 'CRITICAL', 'Gap'],
  [state({ archiveTimeoutSeconds: 0 }), 'WARNING', 'May lag'],
])('%#: as the overview judges it', (of, expected, word) => {
  expect(logVerdict(of, NOW)).toMatchObject({ state: expected, word });
});

test('of what nobody could look at nothing is said here', () => {
  expect(logVerdict({ ...state({}), reading: null }, NOW)).toBeNull();
});
