import { expect, test } from 'vitest';
import type { LogBase, LogStretch } from '#lib/contracts/log.ts';
import { chooseRecovery, recoveryCommand } from '#lib/client/recovery-instant.ts';
import { readRecoveryOptions } from '#scripts/restore-to-time-options.ts';

const base = (endedAt: string, more: Partial<LogBase> = {}): LogBase => ({
  destination: 'local',
  key: `base_${endedAt}.tar.zst`,
  endedAt,
  storedBytes: 1,
  isEncrypted: false,
  ...more,
});
const older = base('2026-11-20T01:00:00.000Z');
const newer = base('2026-11-24T01:00:00.000Z');
const newest = base('2026-11-26T01:00:00.000Z', {
  destination: 's3',
  key: 'backups/base/2026-11-26/b.tar.zst.age',
  isEncrypted: true,
});
/** A gap from the 25th to the next base archive. */
const stretches: readonly LogStretch[] = [
  {
    from: newest.endedAt,
    until: '2026-11-28T12:00:00.000Z',
    lastSegment: '00000001000000000000000F',
    missing: null,
    bases: [newest],
  },
  {
    from: older.endedAt,
    until: '2026-11-25T00:00:00.000Z',
    lastSegment: '00000001000000000000000A',
    missing: '00000001000000000000000B',
    bases: [newer, older],
  },
];
const choose = (at: string | null) => chooseRecovery(stretches, at === null ? null : new Date(at));

test.each([
  ['2026-11-20T01:00:00Z', older],
  ['2026-11-24T00:59:59Z', older],
  ['2026-11-24T01:00:00Z', newer],
  ['2026-11-25T00:00:00Z', newer],
  ['2026-11-28T12:00:00Z', newest],
] as const)('%s is reached from the newest base archive before it', (at, expected) => {
  expect(choose(at)).toEqual({ base: expected, at: new Date(at) });
});

test.each([
  ['2026-11-20T00:59:59Z', /before the oldest base archive/],
  ['2026-11-25T00:00:01Z', /a gap there/],
  ['2026-11-28T12:00:01Z', /does not reach so far yet/],
] as const)('%s cannot be reached, and why is said', (at, why) => {
  expect(choose(at)).toEqual({ outOfReach: expect.stringMatching(why) as string });
});

test('as far as the log goes is from the newest; nothing is chosen where there is no base archive', () => {
  expect(choose(null)).toEqual({ base: newest, at: null });
  for (const at of [null, new Date()]) expect(chooseRecovery([], at)).toHaveProperty('outOfReach');
});

test('a log whose last transaction nobody could tell of is left to the script; none at all ends where the archive does', () => {
  const open: LogStretch = {
    from: older.endedAt,
    until: null,
    lastSegment: '00000001000000000000000A',
    missing: null,
    bases: [older],
  };
  const at = new Date('2026-11-22T00:00:00Z');
  expect(chooseRecovery([open], at)).toEqual({ base: older, at });
  expect(chooseRecovery([{ ...open, lastSegment: null }], at)).toHaveProperty('outOfReach');
});

/** The words that a shell would make of it: none of these has a blank in it but the instant. */
const wordsOf = (command: string): readonly string[] =>
  (command.replaceAll(/\\\n\s*/g, '').match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));

test.each([
  [older, '2026-11-22T14:30:05Z', { isExclusive: false, isDryRun: true }],
  [newest, '2026-11-27T00:00:00Z', { isExclusive: true, isDryRun: false }],
  [newest, null, { isExclusive: true, isDryRun: false }],
] as const)('what is shown is what restore-to-time.sh takes (%#)', (from, text, options) => {
  const at = text === null ? null : new Date(text);
  const [program, ...args] = wordsOf(recoveryCommand({ base: from, at }, options));
  expect(program).toBe('scripts/restore-to-time.sh');
  const read = readRecoveryOptions(args);
  expect(read).toMatchObject({
    isDryRun: options.isDryRun,
    isInS3: from.destination === 's3',
    from: from.destination === 's3' ? from.key : null,
    target:
      at === null
        ? { kind: 'latest' }
        : { kind: 'time', micros: at.getTime() * 1000, isExclusive: options.isExclusive },
  });
  expect(read?.identity === null).toBe(!from.isEncrypted);
});
