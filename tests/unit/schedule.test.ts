import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueSlots, localDateOf, nextDueAt, tiersOfSlot } from '#lib/core/schedule.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** North and south, half-hour shifts, shifts at midnight, a zone that skipped a whole day, one without DST. */
const zones = [
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Atlantic/Azores',
  'UTC',
];
const all = (cron: string, timeZone: string, from: Date, to: Date): Date[] => {
  const out: Date[] = [];
  for (let at = nextDueAt({ cron, timeZone }, from); at !== null && at <= to;) {
    out.push(at);
    at = nextDueAt({ cron, timeZone }, at);
  }
  return out;
};
/** The instants at which a zone's offset changes, to the minute. */
function changesOf(timeZone: string, from: Date, to: Date): Date[] {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offset = (at: number) => format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
  const out: Date[] = [];
  for (let day = from.getTime(); day < to.getTime(); day += DAY) {
    if (offset(day) === offset(day + DAY)) continue;
    let low = day;
    let high = day + DAY;
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
      if (offset(middle) === offset(day)) low = middle;
      else high = middle;
    }
    out.push(new Date(high));
  }
  return out;
}

describe('a daily plan across clock changes', () => {
  const from = new Date('2024-01-01T00:00:00Z');
  const to = new Date('2030-01-01T00:00:00Z');
  const changes = new Map(zones.map((zone) => [zone, changesOf(zone, from, to)]));

  test('the zones do change their clocks', () => {
    expect(changes.get('Europe/Berlin')).toHaveLength(12);
    expect(changes.get('Australia/Lord_Howe')).toHaveLength(12);
    expect(changes.get('UTC')).toHaveLength(0);
  });

  test.each(zones)('%s: once on every local date, at whatever time of day', (timeZone) => {
    for (const change of changes.get(timeZone) ?? []) {
      const start = new Date(change.getTime() - 3 * DAY);
      const end = new Date(change.getTime() + 3 * DAY);
      for (let hour = 0; hour < 24; hour += 1) {
        for (const minute of [0, 15, 30, 59]) {
          const due = all(`${String(minute)} ${String(hour)} * * *`, timeZone, start, end);
          const dates = due.map((at) => localDateOf(at, timeZone).date);
          expect(new Set(dates).size, `${timeZone} ${hour}:${minute} ${dates.join()}`).toBe(dates.length);
          // Six days in all; the first and the last may lie outside the span.
          const expected = new Set<string>();
          for (let at = start.getTime() + DAY; at <= end.getTime() - DAY; at += DAY / 4)
            expected.add(localDateOf(new Date(at), timeZone).date);
          for (const date of expected) expect(dates, `${timeZone} ${hour}:${minute}`).toContain(date);
        }
      }
    }
  });

  test('02:30 is due at the jump in spring and once in autumn', () => {
    const plan = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    expect(nextDueAt(plan, new Date('2026-03-29T00:00:00Z'))?.toISOString()).toBe('2026-03-29T01:00:00.000Z');
    const autumn = dueSlots(plan, new Date('2026-10-24T12:00:00Z'), new Date('2026-10-25T12:00:00Z'));
    expect(autumn).toEqual({ newest: new Date('2026-10-25T00:30:00Z'), missed: [], missedCount: 0 });
  });

  test('an hourly plan follows real hours through both changes', () => {
    for (const day of ['2026-03-29', '2026-10-25']) {
      const due = all(
        '0 * * * *',
        'Europe/Berlin',
        new Date(`${day}T00:00:00Z`),
        new Date(`${day}T06:00:00Z`),
      );
      expect(due.map((at) => at.getUTCHours())).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });
});

const crons = fc.constantFrom(
  '0 1 * * *',
  '30 2 * * *',
  '*/15 * * * *',
  '0 3 * * 0',
  '5 0 1 * *',
  '0 */6 * * *',
);
const instants = fc
  .integer({ min: Date.UTC(2020, 0, 1) / MINUTE, max: Date.UTC(2032, 0, 1) / MINUTE })
  .map((minutes) => new Date(minutes * MINUTE));

describe('slots', () => {
  test('are the same from wherever one looks: no instant between two slots finds another', () => {
    fc.assert(
      fc.property(
        crons,
        fc.constantFrom(...zones),
        instants,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (cron, timeZone, from, part) => {
          const plan = { cron, timeZone };
          const first = nextDueAt(plan, from);
          if (first === null) return;
          const between = new Date(from.getTime() + (first.getTime() - 1 - from.getTime()) * part);
          expect(nextDueAt(plan, between)).toEqual(first);
          expect(first.getTime()).toBeGreaterThan(from.getTime());
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a span cut in two gives each slot to exactly one part', () => {
    fc.assert(
      fc.property(
        crons,
        fc.constantFrom(...zones),
        instants,
        fc.integer({ min: 0, max: 5 * 1440 }),
        fc.integer({ min: 0, max: 5 * 1440 }),
        (cron, timeZone, from, a, b) => {
          const plan = { cron, timeZone };
          const middle = new Date(from.getTime() + a * MINUTE);
          const end = new Date(middle.getTime() + b * MINUTE);
          const list = (x: Date, y: Date) => {
            const { newest, missed } = dueSlots(plan, x, y, 2000);
            return newest === null ? [] : [...missed, newest];
          };
          expect([...list(from, middle), ...list(middle, end)]).toEqual(list(from, end));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of many missed ones the newest is taken and the others are told of', () => {
    const plan = { cron: '0 1 * * *', timeZone: 'UTC' };
    const due = dueSlots(plan, new Date('2026-11-01T01:00:00Z'), new Date('2026-11-21T09:00:00Z'), 5);
    expect(due.newest?.toISOString()).toBe('2026-11-21T01:00:00.000Z');
    expect(due.missedCount).toBe(19);
    expect(due.missed.map((at) => at.getUTCDate())).toEqual([16, 17, 18, 19, 20]);
  });

  test('nothing is due in an empty span, and the end belongs to it', () => {
    const plan = { cron: '0 1 * * *', timeZone: 'UTC' };
    const slot = new Date('2026-11-21T01:00:00Z');
    expect(dueSlots(plan, slot, slot).newest).toBeNull();
    expect(dueSlots(plan, new Date(slot.getTime() - 1), slot).newest).toEqual(slot);
  });

  test('a minutely plan after a year away answers quickly and finds the newest', () => {
    const due = dueSlots(
      { cron: '* * * * *', timeZone: 'Europe/Berlin' },
      new Date('2025-01-01T00:00:30Z'),
      new Date('2026-01-01T00:00:30Z'),
    );
    expect(due.newest?.toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect(due.missed).toHaveLength(20);
  });

  test('an expression that never comes true is never due', () => {
    expect(nextDueAt({ cron: '0 0 30 2 *', timeZone: 'UTC' }, new Date('2026-01-01T00:00:00Z'))).toBeNull();
  });
});

describe('tiers of a slot (BR-004)', () => {
  test('by the local date of the plan, not by UTC', () => {
    // Saturday 23:30 UTC is Sunday in Berlin.
    expect(tiersOfSlot(new Date('2026-11-21T23:30:00Z'), 'Europe/Berlin')).toEqual(['DAILY', 'WEEKLY']);
    expect(tiersOfSlot(new Date('2026-11-21T23:30:00Z'), 'UTC')).toEqual(['DAILY']);
    expect(tiersOfSlot(new Date('2026-11-30T23:30:00Z'), 'Europe/Berlin')).toEqual(['DAILY', 'MONTHLY']);
    expect(tiersOfSlot(new Date('2026-11-01T01:00:00Z'), 'UTC')).toEqual(['DAILY', 'WEEKLY', 'MONTHLY']);
    expect(tiersOfSlot(new Date('2026-11-20T01:00:00Z'), 'UTC')).toEqual(['DAILY']);
  });
});
