import type { HealthCheck, OverviewSource } from '../contracts/overview.ts';
import { byGravity } from '../core/worst-state.ts';

export const sourceStateWord: Record<NonNullable<OverviewSource['state']>, string> = {
  OK: 'Safe',
  WARNING: 'Needs attention',
  CRITICAL: 'Act now',
  UNKNOWN: 'Not certain',
};

/** What is wrong first with a source, and what to do about it; null where nothing is. */
export const worstCheckOf = (checks: readonly HealthCheck[], sourceId: string): HealthCheck | null =>
  checks
    .filter(({ source, state }) => source?.id === sourceId && state !== 'OK')
    .toSorted((a, b) => byGravity(a.state, b.state))[0] ?? null;
