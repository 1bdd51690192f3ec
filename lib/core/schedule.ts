import { Cron } from 'croner';

/** When a plan is due: a cron expression of five fields, read in an IANA time zone. */
export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
}

/** An expression of five fields that `nextDueAt` can read. */
export const isCron = (value: string): boolean => {
  try {
    new Cron(value, { paused: true });
    return value.trim().split(/\s+/).length === 5;
  } catch {
    return false;
  }
};

/** An IANA zone this machine knows. */
export const isTimeZone = (value: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
};

const parse = (schedule: Schedule): Cron =>
  new Cron(schedule.cron, { timezone: schedule.timeZone, paused: true });

/**
 * The first due instant after `after`; null for an expression that never comes true (30 February). A local time that
 * the clock jumps over is due at the jump, one that the clock passes twice is due the first time: neither skipped
 * nor doubled. The answer depends on nothing but the arguments, so every worker computes the same slots.
 */
export function nextDueAt(schedule: Schedule, after: Date): Date | null {
  return parse(schedule).nextRun(after);
}

export interface DueSlots {
  /** The newest due instant in the span; null when none was due. */
  readonly newest: Date | null;
  /** The older ones, oldest first, at most `listLimit` of them (the newest of these). */
  readonly missed: readonly Date[];
  /** How many older ones there were. */
  readonly missedCount: number;
}

/** Beyond this many the exact number of missed slots helps nobody. */
const COUNT_LIMIT = 10_000;

/** What was due in (`after`, `until`]: the newest is to be taken, the older ones are only to be told of. */
export function dueSlots(schedule: Schedule, after: Date, until: Date, listLimit = 20): DueSlots {
  const cron = parse(schedule);
  const due: Date[] = [];
  let missedCount = -1;
  let from = after;
  for (;;) {
    const next = cron.nextRun(from);
    if (next === null || next > until) break;
    due.push(next);
    if (due.length > listLimit + 1) due.shift();
    missedCount += 1;
    from = next;
    if (missedCount >= COUNT_LIMIT) {
      // A minutely plan after a year away: go on from shortly before the end instead of walking all of it.
      const near = new Date(until.getTime() - 24 * 3_600_000);
      if (near > from) from = near;
    }
  }
  return { newest: due.at(-1) ?? null, missed: due.slice(0, -1), missedCount: Math.max(0, missedCount) };
}

export interface LocalDate {
  /** `2026-11-21` */
  readonly date: string;
  /** 1 to 31. */
  readonly day: number;
  readonly isSunday: boolean;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The calendar date of an instant in a time zone. */
export function localDateOf(instant: Date, timeZone: string): LocalDate {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      calendar: 'iso8601',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      weekday: 'short',
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return {
    date: `${part['year'] ?? ''}-${part['month'] ?? ''}-${part['day'] ?? ''}`,
    day: Number(part['day']),
    isSunday: part['weekday'] === 'Sun',
  };
}

export type ScheduledTier = 'DAILY' | 'WEEKLY' | 'MONTHLY';

/**
 * Why a scheduled backup is taken (4-ims.md BR-004): every one is DAILY, Sunday's is WEEKLY too, that of the 1st is
 * MONTHLY too. Judged by the slot, not by the moment it was taken: Sunday's slot caught up on Monday is still Sunday's.
 */
export function tiersOfSlot(dueAt: Date, timeZone: string): readonly [ScheduledTier, ...ScheduledTier[]] {
  const { day, isSunday } = localDateOf(dueAt, timeZone);
  return ['DAILY', ...(isSunday ? (['WEEKLY'] as const) : []), ...(day === 1 ? (['MONTHLY'] as const) : [])];
}
