import type { Overview } from '../contracts/overview.ts';
import { coarseDuration } from './durations.ts';

export type VerdictState = 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';
export interface Verdict {
  readonly state: VerdictState;
  /** The first sentence of the page, up to the instant, which the page renders itself. */
  readonly lead: string;
  /** After the instant: how old it is. Empty where there is no instant. */
  readonly tail: string;
  readonly consequence: string;
}

const HOUR_S = 3_600;

/** Are we safe, since when: judged from the newest good backup's age and the checks, never better than the worst. */
export function verdictOf(overview: Overview): Verdict {
  const { newestGood, newestGoodAgeSeconds: age, rpoHours, checks } = overview;
  if (newestGood === null || age === null) {
    return {
      state: 'CRITICAL',
      lead: 'There is no restore point yet.',
      tail: '',
      consequence: 'If the database were lost now, nothing could be brought back.',
    };
  }
  const lead = 'Newest good restore point:';
  const tail = age < 60 ? 'just now.' : `${coarseDuration(age)} ago.`;
  const isLate = age > rpoHours * HOUR_S;
  const states = [...checks.map(({ state }) => state), ...(isLate ? ['WARNING' as const] : [])];
  const state = (['CRITICAL', 'WARNING', 'UNKNOWN'] as const).find((each) => states.includes(each)) ?? 'OK';
  const lost = `If the database were lost now, ${age < 60 ? 'almost nothing' : `the last ${coarseDuration(age)} of changes`} would go with it`;
  const consequence = isLate
    ? `${lost}: more than the ${String(rpoHours)} hours your recovery point objective allows.`
    : `${lost}.`;
  return { state, lead, tail, consequence };
}
