import { describe, expect, test } from 'vitest';
import { calendarInstant, exactInstant, relativeInstant, shortAgo } from '#lib/client/instants.ts';

// Built from local parts, so that the test holds in every zone of the machine it runs on.
const now = new Date(2026, 10, 21, 10, 0, 0);
const local = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute);

describe('instants', () => {
  test('are relative to now', () => {
    expect(relativeInstant(local(21, 1), now)).toBe('9 hours ago');
    expect(relativeInstant(local(21, 12), now)).toBe('in 2 hours');
    expect(relativeInstant(new Date(now.getTime() - 3_000), now)).toBe('just now');
  });

  test('are short in a table cell', () => {
    expect(shortAgo(local(21, 8), now)).toBe('2 h ago');
    expect(shortAgo(local(21, 9, 40), now)).toBe('20 min ago');
    expect(shortAgo(local(11, 10), now)).toBe('10 days ago');
    expect(shortAgo(now, now)).toBe('just now');
  });

  test('name the days next to today and spell out the others', () => {
    expect(calendarInstant(local(21, 1, 4), now)).toBe('today 01:04');
    expect(calendarInstant(local(20, 23, 59), now)).toBe('yesterday 23:59');
    expect(calendarInstant(local(22, 1), now)).toBe('tomorrow 01:00');
    expect(calendarInstant(local(19, 1), now)).toBe('19 Nov 2026, 01:00');
  });

  test('the exact form names the zone', () => {
    expect(exactInstant(local(21, 1, 4), 'Test/Zone')).toContain('21 Nov 2026, 01:04:00 Test/Zone');
  });
});
