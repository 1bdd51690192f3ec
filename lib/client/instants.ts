import { coarseDuration } from './durations.ts';

const sameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();
const pad = (value: number): string => String(value).padStart(2, '0');
const clockTime = (at: Date): string => `${pad(at.getHours())}:${pad(at.getMinutes())}`;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayOf = (at: Date): string =>
  `${String(at.getDate())} ${months[at.getMonth()] ?? ''} ${String(at.getFullYear())}`;

/** `9 hours ago`, `in 14 hours`, `just now`. */
export function relativeInstant(at: Date, now: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1_000;
  if (Math.abs(seconds) < 60) return seconds >= -5 ? 'just now' : 'in moments';
  return seconds > 0 ? `${coarseDuration(seconds)} ago` : `in ${coarseDuration(-seconds)}`;
}

/** For a table cell: `2 h ago`, `40 days ago`, `just now`. */
export function shortAgo(at: Date, now: Date): string {
  const minutes = Math.round((now.getTime() - at.getTime()) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${String(minutes)} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${String(hours)} h ago` : `${String(Math.round(hours / 24))} days ago`;
}

/** `today 01:04`, `yesterday 01:04`, `tomorrow 01:00`, else `19 Nov 2026, 01:04`, in the viewer's zone. */
export function calendarInstant(at: Date, now: Date): string {
  const day = new Date(now);
  if (sameDay(at, day)) return `today ${clockTime(at)}`;
  day.setDate(day.getDate() - 1);
  if (sameDay(at, day)) return `yesterday ${clockTime(at)}`;
  day.setDate(day.getDate() + 2);
  if (sameDay(at, day)) return `tomorrow ${clockTime(at)}`;
  return plainInstant(at);
}

/** `19 Nov 2026, 01:04`, in the viewer's zone. */
export const plainInstant = (at: Date): string => `${dayOf(at)}, ${clockTime(at)}`;

/** `19 Nov 2026, 01:04:09`, in the viewer's zone. */
export const secondInstant = (at: Date): string => `${plainInstant(at)}:${pad(at.getSeconds())}`;

/** To the second, with the viewer's zone, and in UTC where that differs (archive names are in UTC). */
export function exactInstant(at: Date, timeZone: string): string {
  const local = `${secondInstant(at)} ${timeZone}`;
  if (at.getTimezoneOffset() === 0) return local;
  return `${local} (${at.toISOString().slice(0, 16).replace('T', ' ')} UTC)`;
}
