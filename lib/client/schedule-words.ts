import { isCron, isTimeZone, nextDueAt, type Schedule } from '../core/schedule.ts';

export const CRON_PRESETS = [
  { value: '0 * * * *', label: 'Every hour' },
  { value: '0 */6 * * *', label: 'Every 6 hours' },
  { value: '0 1 * * *', label: 'Every day at 01:00' },
  { value: '0 1 * * 0', label: 'Every Sunday at 01:00' },
  { value: '0 1 1 * *', label: 'On the 1st of each month at 01:00' },
] as const;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const isNumber = (text: string): boolean => /^\d{1,2}$/.test(text);
const pad = (text: string): string => text.padStart(2, '0');

/** A cron expression in words where it is of a usual kind, else as it is. */
export function cronWords(cron: string): string {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = cron.trim().split(/\s+/);
  const isDaily = day === '*' && month === '*' && weekday === '*';
  const steps = /^\*\/(\d{1,2})$/.exec(hour)?.[1];
  if (isNumber(minute) && isDaily) {
    if (hour === '*') return minute === '0' ? 'Every hour' : `Every hour at minute ${minute}`;
    if (steps !== undefined) return `Every ${steps} hours`;
  }
  if (!isNumber(minute) || !isNumber(hour)) return cron;
  const at = `at ${pad(hour)}:${pad(minute)}`;
  if (isDaily) return `Every day ${at}`;
  if (day === '*' && month === '*' && isNumber(weekday))
    return `Every ${DAYS[Number(weekday) % 7] ?? ''} ${at}`;
  if (isNumber(day) && month === '*' && weekday === '*')
    return day === '1' ? `On the 1st of each month ${at}` : `On day ${day} of each month ${at}`;
  return cron;
}

/** The next `count` due instants after `now`; null for what is no expression or no zone. Empty for what never comes. */
export function nextRuns(schedule: Schedule, now: Date, count: number): readonly Date[] | null {
  if (!isCron(schedule.cron) || !isTimeZone(schedule.timeZone)) return null;
  const runs: Date[] = [];
  for (let after = now; runs.length < count;) {
    const next = nextDueAt(schedule, after);
    if (next === null) break;
    runs.push(next);
    after = next;
  }
  return runs;
}

/** `Sun 22 Nov 2026, 01:00`, in the schedule's own zone. */
export const runWords = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(at);
