import type { BackupRow } from '../contracts/backup.ts';
import type { Overview } from '../contracts/overview.ts';
import { aboutDuration, coarseDuration } from './durations.ts';

export type VerdictState = 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';
/** A sentence about one backup; the page renders the instant between `lead` and `tail` itself. */
export interface PointSentence {
  readonly row: BackupRow;
  readonly lead: string;
  readonly tail: string;
}
export interface Verdict {
  readonly state: VerdictState;
  /** The first sentence of the page where no restore point is proven; null where `proven` is the first. */
  readonly lead: string | null;
  /** The newest proven restore point, its age, and what a restore of it takes. */
  readonly proven: PointSentence | null;
  /** The newest backup, where it is not that one: not proven yet, and what happens next. */
  readonly newer: PointSentence | null;
  /** Whether the newer backup waits for a person rather than for a verification that runs. */
  readonly isNextWithPerson: boolean;
  /** Whether nothing is wrong but that proofs come less often than the objective asks for. */
  readonly isProvenTooRarely: boolean;
  readonly consequence: string;
}

const HOUR_S = 3_600;
const ago = (seconds: number): string => (seconds < 60 ? 'just now' : `${coarseDuration(seconds)} ago`);
const ending = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`);

/** Why `row` is not proven and what happens next, as the end of a sentence that names it. */
function unprovenTail(row: BackupRow, age: number, overview: Overview): string {
  const { verifying } = overview;
  const { lastStatus, lastError } = row.proof;
  const why =
    lastError === null
      ? ''
      : `: ${ending(lastError.message)}${lastError.hint === null ? '' : ` ${lastError.hint}`}`;
  if (verifying?.backupId === row.id || lastStatus === 'IN_PROGRESS')
    return `${ago(age)}, is being verified now.`;
  if (lastStatus === 'UNKNOWN') return `${ago(age)}, could not be proven${why === '' ? '.' : why}`;
  return `${ago(age)}, is not proven yet: it was read back and found whole, but no restore of it was compared.`;
}

/** `the last 9 hours of changes`, or that almost nothing is lost. */
const lossOf = (age: number): string =>
  age < 60 ? 'almost nothing' : `the last ${coarseDuration(age)} of changes`;

function consequenceOf({ newestGoodAgeSeconds, newestProvenAgeSeconds, rpoHours }: Overview): string {
  const late = (age: number): string =>
    age > rpoHours * HOUR_S
      ? `: more than the ${String(rpoHours)} hours your recovery point objective allows.`
      : '.';
  if (newestProvenAgeSeconds === null) {
    if (newestGoodAgeSeconds === null) return 'If the database were lost now, nothing could be brought back.';
    return `If the database were lost now, ${lossOf(newestGoodAgeSeconds)} would go with it, provided that backup can be restored${late(newestGoodAgeSeconds)}`;
  }
  const sure = `If the database were lost now, ${lossOf(newestProvenAgeSeconds)} would go with it`;
  const isNewer = newestGoodAgeSeconds !== null && newestGoodAgeSeconds < newestProvenAgeSeconds;
  if (!isNewer) return `${sure}${late(newestProvenAgeSeconds)}`;
  if (newestGoodAgeSeconds <= rpoHours * HOUR_S && newestProvenAgeSeconds > rpoHours * HOUR_S)
    return `If the database were lost now and the newer backup can be restored, ${lossOf(newestGoodAgeSeconds)} would go with it: within the ${String(rpoHours)} hours your recovery point objective allows, but not proven. With the proven one, ${lossOf(newestProvenAgeSeconds)} would go.`;
  const less = newestGoodAgeSeconds < 60 ? 'almost nothing' : `only ${lossOf(newestGoodAgeSeconds)}`;
  return `${sure}, or ${less} if the newer backup can be restored${late(newestGoodAgeSeconds)}`;
}

/**
 * Are we safe, since when: judged from what is proven, the newest backup's age and the checks, never better than the
 * worst of them. Without a proof within the recovery point objective it is never OK.
 */
export function verdictOf(overview: Overview): Verdict {
  const { newestGood, newestGoodAgeSeconds, newestProven, newestProvenAgeSeconds, rpoHours, checks } =
    overview;
  const consequence = consequenceOf(overview);
  if (newestGood === null && newestProven === null) {
    return {
      state: 'CRITICAL',
      lead: 'There is no restore point yet.',
      proven: null,
      newer: null,
      isNextWithPerson: false,
      isProvenTooRarely: false,
      consequence,
    };
  }
  const goodAge = newestGoodAgeSeconds ?? newestProvenAgeSeconds ?? 0;
  const isLate = goodAge > rpoHours * HOUR_S;
  const isProofLate = newestProvenAgeSeconds !== null && newestProvenAgeSeconds > rpoHours * HOUR_S;
  const unproven = newestGood !== null && newestGood.id !== newestProven?.id ? newestGood : null;
  const states = [
    ...checks.map(({ state }) => state),
    ...(isLate ? ['WARNING' as const] : []),
    ...(newestProvenAgeSeconds === null || isProofLate ? ['UNKNOWN' as const] : []),
  ];
  const state = (['CRITICAL', 'WARNING', 'UNKNOWN'] as const).find((each) => states.includes(each)) ?? 'OK';
  const isVerifying =
    unproven !== null &&
    (overview.verifying?.backupId === unproven.id || unproven.proof.lastStatus === 'IN_PROGRESS');
  const restoreMs = newestProven?.proof.restoreMs ?? null;
  return {
    state,
    lead: newestProven === null ? 'No restore point is proven yet.' : null,
    proven:
      newestProven === null
        ? null
        : {
            row: newestProven,
            lead: 'Last proven restore point:',
            tail: `${ago(newestProvenAgeSeconds ?? 0)}.${restoreMs === null ? '' : ` Restoring it takes about ${aboutDuration(restoreMs)}.`}`,
          },
    newer:
      unproven === null
        ? null
        : {
            row: unproven,
            lead: newestProven === null ? 'The newest backup,' : 'A newer backup,',
            tail: unprovenTail(unproven, goodAge, overview),
          },
    isNextWithPerson: unproven !== null && !isVerifying,
    isProvenTooRarely:
      isProofLate && !isLate && !isVerifying && checks.every((check) => check.state === 'OK'),
    consequence,
  };
}
