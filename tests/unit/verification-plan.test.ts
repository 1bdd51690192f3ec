import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dueVerifications,
  provingPeriodDays,
  type PlannedBackup,
  type PlannedCopy,
  type VerificationState,
  type VerificationTimes,
} from '#lib/core/verification-plan.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date('2026-11-21T12:00:00Z');
const ago = (days: number): Date => new Date(NOW.getTime() - days * DAY);
const policy: VerificationTimes = {
  restore: 'after-each',
  afterEachMaxGb: 20,
  provesNewestMonthly: true,
  scrubDays: 30,
};
const whole = (more: Partial<PlannedBackup> = {}): PlannedBackup => ({
  id: 'newest',
  takenAt: ago(0.1),
  plainBytes: 1e9,
  destination: 'local',
  judgedAt: null,
  ...more,
});
const empty: VerificationState = {
  newestWhole: null,
  newestMonthly: null,
  copies: [],
  lastJudgedAt: null,
  lastScrubAt: null,
  unknowns: [],
  unfinished: [],
};
const due = (state: Partial<VerificationState>, more: Partial<VerificationTimes> = {}) =>
  dueVerifications({ ...policy, ...more }, NOW, { ...empty, ...state }).map(
    ({ backupId, depth, cause }) => `${cause} ${backupId} ${depth}`,
  );
const unknown = (cause: string, hours: number, backupId = 'newest') => ({
  backupId,
  destination: 'local' as const,
  cause,
  endedAt: new Date(NOW.getTime() - hours * HOUR),
});

describe('restores', () => {
  test.each([
    ['nothing without backups', {}, {}, []],
    ['after each backup, once', { newestWhole: whole() }, {}, ['after-backup newest restore']],
    ['not again after a verdict', { newestWhole: whole({ judgedAt: ago(0.05) }) }, {}, []],
    ['not while one waits or runs', { newestWhole: whole(), unfinished: ['newest'] }, {}, []],
    ['not without a stored copy', { newestWhole: whole({ destination: null }) }, {}, []],
    [
      'not within a day of an UNKNOWN',
      { newestWhole: whole(), unknowns: [unknown('after-backup', 23)] },
      {},
      [],
    ],
    [
      'again a day after an UNKNOWN',
      { newestWhole: whole(), unknowns: [unknown('after-backup', 25)] },
      {},
      ['after-backup newest restore'],
    ],
    [
      'an UNKNOWN of another reason, backup or copy keeps nothing back',
      {
        newestWhole: whole(),
        unknowns: [
          unknown('scrub', 1),
          unknown('after-backup', 1, 'older'),
          { ...unknown('after-backup', 1), destination: 's3' as const },
        ],
      },
      {},
      ['after-backup newest restore'],
    ],
    [
      'a large dump is proven weekly: the first',
      { newestWhole: whole({ plainBytes: 21e9 }) },
      {},
      ['weekly newest restore'],
    ],
    [
      '… and not within the week',
      { newestWhole: whole({ plainBytes: 21e9 }), lastJudgedAt: ago(6.9) },
      {},
      [],
    ],
    [
      'weekly',
      { newestWhole: whole(), lastJudgedAt: ago(7) },
      { restore: 'weekly' as const },
      ['weekly newest restore'],
    ],
    ['daily, not yet', { newestWhole: whole(), lastJudgedAt: ago(0.9) }, { restore: 'daily' as const }, []],
    [
      'daily, the same backup again where no newer one came',
      { newestWhole: whole({ judgedAt: ago(1) }), lastJudgedAt: ago(1) },
      { restore: 'daily' as const },
      ['daily newest restore'],
    ],
    ['off', { newestWhole: whole() }, { restore: 'off' as const }, []],
    [
      'the newest monthly one once its proof is old',
      { newestMonthly: whole({ id: 'm', takenAt: ago(50), judgedAt: ago(30) }) },
      {},
      ['monthly m restore'],
    ],
    ['… not before', { newestMonthly: whole({ id: 'm', takenAt: ago(50), judgedAt: ago(29.9) }) }, {}, []],
    [
      '… nor where that is not wanted',
      { newestMonthly: whole({ id: 'm', takenAt: ago(50), judgedAt: ago(40) }) },
      { provesNewestMonthly: false },
      [],
    ],
    [
      'one that is newest and monthly is asked for once',
      {
        newestWhole: whole({ id: 'm', takenAt: ago(31) }),
        newestMonthly: whole({ id: 'm', takenAt: ago(31) }),
      },
      {},
      ['after-backup m restore'],
    ],
  ] as const)('%s', (_name, state, more, expected) => {
    expect(due(state as Partial<VerificationState>, more)).toEqual(expected);
  });

  test('how often, by policy and size', () => {
    expect(provingPeriodDays(policy, 20e9)).toBe(0);
    expect(provingPeriodDays(policy, 20e9 + 1)).toBe(7);
    expect(provingPeriodDays(policy, null)).toBe(0);
    expect(provingPeriodDays({ ...policy, restore: 'off' }, 1)).toBeNull();
  });
});

const copy = (backupId: string, days: number): PlannedCopy => ({
  backupId,
  destination: 'local',
  readAt: ago(days),
});

describe('reading copies again', () => {
  test('the oldest first, when it is due; not before half the period; never where it is off', () => {
    expect(due({ copies: [copy('a', 29.9), copy('b', 30)] })).toEqual(['scrub b bytes']);
    expect(due({ copies: [copy('a', 29.9)] })).toEqual([]);
    expect(due({ copies: [copy('a', 14)] })).toEqual([]);
    expect(due({ copies: [copy('a', 300)] }, { scrubDays: 0 })).toEqual([]);
  });
  test('not a second one at once, though thirty are late', () => {
    const copies = Array.from({ length: 30 }, (_, i) => copy(`c${String(i)}`, 40));
    expect(due({ copies })).toHaveLength(1);
    expect(due({ copies, lastScrubAt: new Date(NOW.getTime() - 0.9 * HOUR) })).toEqual([]);
    expect(due({ copies, lastScrubAt: new Date(NOW.getTime() - HOUR) })).toHaveLength(1);
  });
  test('one that could not be read is left alone for a day, and keeps no other back', () => {
    expect(due({ copies: [copy('a', 40), copy('b', 35)], unknowns: [unknown('scrub', 2, 'a')] })).toEqual([
      'scrub b bytes',
    ]);
  });
});

/**
 * A worker that lives and looks every so often, over a period and a half: what it reads is read at once. Returns the oldest
 * age any copy reached, and when it read.
 */
function live(ages: readonly number[], scrubDays: number, stepHours: number, fresh: readonly number[] = []) {
  let copies = ages.map((days, index) => copy(`c${String(index)}`, days));
  const reads: { at: number; index: string }[] = [];
  let lastScrubAt: Date | null = null;
  let oldestMs = 0;
  const end = NOW.getTime() + 1.5 * scrubDays * DAY;
  for (let at = NOW.getTime(); at <= end; at += stepHours * HOUR) {
    const age = (at - NOW.getTime()) / DAY;
    for (const [index, day] of fresh.entries())
      if (age >= day && age < day + stepHours / 24)
        copies = [...copies, { backupId: `f${String(index)}`, destination: 'local', readAt: new Date(at) }];
    const plan = dueVerifications({ ...policy, scrubDays }, new Date(at), { ...empty, copies, lastScrubAt });
    expect(plan.length).toBeLessThanOrEqual(1);
    for (const { backupId } of plan) {
      reads.push({ at, index: backupId });
      lastScrubAt = new Date(at);
      copies = copies.map((one) => (one.backupId === backupId ? { ...one, readAt: new Date(at) } : one));
    }
    for (const { readAt } of copies) oldestMs = Math.max(oldestMs, at - readAt.getTime());
  }
  return { oldestDays: oldestMs / DAY, reads };
}

describe('while a worker lives', () => {
  const scrubDays = fc.integer({ min: 7, max: 60 });
  test('no copy stays unread for longer than the period and a little, whatever their ages and whatever comes', () => {
    fc.assert(
      fc.property(
        scrubDays,
        fc.array(fc.double({ min: 0, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 15 }),
        (days, parts, fresh) => {
          const { oldestDays } = live(
            parts.map((part) => part * days),
            days,
            2,
            fresh,
          );
          // As many looks late as there may be copies before it.
          expect(oldestDays).toBeLessThanOrEqual(days + (2 / 24) * (parts.length + fresh.length + 1));
        },
      ),
      { numRuns: 40 },
    );
  });
  test('thirty of one age are spread over half a period, not read in a night', () => {
    const { oldestDays, reads } = live(
      Array.from({ length: 30 }, () => 0),
      30,
      1,
    );
    expect(oldestDays).toBeLessThanOrEqual(31.5);
    const gaps = reads.slice(1, 30).map(({ at }, index) => (at - reads[index]!.at) / HOUR);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(11);
    // Each once before any comes again.
    expect(new Set(reads.slice(0, 30).map(({ index }) => index)).size).toBe(30);
  });
  test('a catalogue whose copies are all late catches up at one an hour', () => {
    const { reads } = live(
      Array.from({ length: 24 }, () => 45),
      30,
      0.25,
    );
    const first = reads.slice(0, 24);
    expect(new Set(first.map(({ index }) => index)).size).toBe(24);
    expect((first[23]!.at - first[0]!.at) / HOUR).toBeCloseTo(23, 0);
  });
  test('one copy alone is read once a period, and not more often', () => {
    const { reads } = live([0], 30, 1);
    expect(reads).toHaveLength(1);
  });
});
