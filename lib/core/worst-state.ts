const STATES = ['CRITICAL', 'WARNING', 'UNKNOWN', 'OK'] as const;
type State = (typeof STATES)[number];

/** Never better than the worst of them; OK for none. */
export const worstState = (states: readonly State[]): State =>
  STATES.find((each) => states.includes(each)) ?? 'OK';

/** Sorts the worst first. */
export const byGravity = (a: State, b: State): number => STATES.indexOf(a) - STATES.indexOf(b);

/** How old what is left of a source is; null where there is none. */
export interface RestorePointAges {
  readonly newestGoodAgeSeconds: number | null;
  readonly newestProvenAgeSeconds: number | null;
}

/** What the age of the restore points alone allows: without a proof within the recovery point objective never OK. */
export function stateOfAges(
  { newestGoodAgeSeconds, newestProvenAgeSeconds }: RestorePointAges,
  rpoHours: number,
): State {
  const ageSeconds = newestGoodAgeSeconds ?? newestProvenAgeSeconds;
  if (ageSeconds === null) return 'CRITICAL';
  const isLate = (seconds: number): boolean => seconds > rpoHours * 3_600;
  if (isLate(ageSeconds)) return 'WARNING';
  return newestProvenAgeSeconds === null || isLate(newestProvenAgeSeconds) ? 'UNKNOWN' : 'OK';
}
