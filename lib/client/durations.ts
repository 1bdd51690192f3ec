import { counted } from '../core/counted.ts';

const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_S = 3_600;

/** In one word pair, rounded: `9 hours`, `3 days`, `moments` under a minute. lib/core/roughly.ts rounds alike. */
export function coarseDuration(seconds: number): string {
  const minutes = Math.round(Math.max(0, seconds) / MINUTE_S);
  if (minutes < 1) return 'moments';
  if (minutes < 120) return counted(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return hours < 72 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day');
}

/** For a table cell: `0.8 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function shortDuration(ms: number): string {
  if (ms < 10 * SECOND_MS) return `${(Math.max(0, ms) / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < MINUTE_S) return `${String(seconds)} s`;
  if (seconds < HOUR_S) {
    return `${String(Math.floor(seconds / MINUTE_S))} min ${String(seconds % MINUTE_S).padStart(2, '0')} s`;
  }
  const minutes = Math.round(seconds / MINUTE_S);
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** For one of many quick checks: `12 ms`, from a second on like `shortDuration`. */
export const checkDuration = (ms: number): string =>
  ms < SECOND_MS ? `${String(Math.round(ms))} ms` : shortDuration(ms);

/** Time left, rounded up and no finer than it is known: `6 s`, `3 min`, `1 h 20 min`. */
export function timeLeft(seconds: number): string {
  const value = Math.max(0, Math.ceil(seconds));
  if (value < MINUTE_S) return `${String(value)} s`;
  const minutes = Math.ceil(value / MINUTE_S);
  return minutes < 60
    ? `${String(minutes)} min`
    : `${String(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A target such as `24 hours`, `1 hour`, `45 minutes`. */
export function targetMinutes(minutes: number): string {
  return minutes % 60 === 0 ? counted(minutes / 60, 'hour') : counted(minutes, 'minute');
}

/** A measured time in a sentence, as fine as people plan with: `12 seconds`, `4 minutes`, `2 hours 10 minutes`. */
export function aboutDuration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / SECOND_MS));
  if (seconds < 90) return counted(seconds, 'second');
  const minutes = Math.round(seconds / MINUTE_S);
  if (minutes < 90) return counted(minutes, 'minute');
  const whole = counted(Math.floor(minutes / 60), 'hour');
  return minutes % 60 === 0 ? whole : `${whole} ${counted(minutes % 60, 'minute')}`;
}
