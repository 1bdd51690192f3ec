const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

const counted = (value: number, unit: string): string => `${String(value)} ${unit}${value === 1 ? '' : 's'}`;

/** In one word pair, rounded down: `9 hours`, `3 days`, `moments` under a minute. */
export function coarseDuration(seconds: number): string {
  const value = Math.max(0, Math.floor(seconds));
  if (value < MINUTE_S) return 'moments';
  if (value < HOUR_S) return counted(Math.floor(value / MINUTE_S), 'minute');
  if (value < 2 * DAY_S) return counted(Math.floor(value / HOUR_S), 'hour');
  return counted(Math.floor(value / DAY_S), 'day');
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

/** A target such as `24 hours`, `1 hour`, `45 minutes`. */
export function targetMinutes(minutes: number): string {
  return minutes % 60 === 0 ? counted(minutes / 60, 'hour') : counted(minutes, 'minute');
}
