export interface MeasuredDuration {
  readonly bytes: number;
  readonly durationMs: number;
}

/** Of what was measured at less than a tenth of the bytes, or at more than ten times as many, no rate can be had. */
const WITHIN_TIMES = 10;

/**
 * How many milliseconds `bytes` take, from the measured one that is nearest in size; the first of equals. Time is taken to grow
 * with the bytes, but for what even the shortest took. Null where nothing of about that size was measured.
 */
export function estimateDurationMs(bytes: number, measured: readonly MeasuredDuration[]): number | null {
  const known = measured.filter((one) => one.bytes > 0);
  const timesOff = (one: MeasuredDuration): number => Math.max(bytes / one.bytes, one.bytes / bytes);
  const [nearest] = known
    .filter((one) => timesOff(one) <= WITHIN_TIMES)
    .toSorted((a, b) => timesOff(a) - timesOff(b));
  if (nearest === undefined) return null;
  const shortestMs = Math.min(...known.map(({ durationMs }) => durationMs));
  return Math.round(Math.max(shortestMs, nearest.durationMs * (bytes / nearest.bytes)));
}
