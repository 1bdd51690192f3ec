import type { BackupRow } from '../contracts/backup.ts';
import type { Overview } from '../contracts/overview.ts';
import { stateOfAges, worstState } from '../core/worst-state.ts';
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
  /** Said before all else where there are several sources: how they stand, and which is worst off. */
  readonly sources: string | null;
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

/** `the last 9 hours of changes`, `the last hour of changes`, or that almost nothing is lost. */
const lossOf = (age: number): string =>
  age < 60 ? 'almost nothing' : `the last ${coarseDuration(age).replace(/^1 /, '')} of changes`;

function consequenceOf(
  { newestGoodAgeSeconds, newestProvenAgeSeconds, rpoHours }: Overview,
  what: string,
): string {
  const late = (age: number): string =>
    age > rpoHours * HOUR_S
      ? `: more than the ${String(rpoHours)} hours your recovery point objective allows.`
      : '.';
  if (newestProvenAgeSeconds === null) {
    if (newestGoodAgeSeconds === null) return `If ${what} were lost now, nothing could be brought back.`;
    return `If ${what} were lost now, ${lossOf(newestGoodAgeSeconds)} would go with it, provided that backup can be restored${late(newestGoodAgeSeconds)}`;
  }
  const sure = `If ${what} were lost now, ${lossOf(newestProvenAgeSeconds)} would go with it`;
  const isNewer = newestGoodAgeSeconds !== null && newestGoodAgeSeconds < newestProvenAgeSeconds;
  if (!isNewer) return `${sure}${late(newestProvenAgeSeconds)}`;
  if (newestGoodAgeSeconds <= rpoHours * HOUR_S && newestProvenAgeSeconds > rpoHours * HOUR_S)
    return `If ${what} were lost now and the newer backup can be restored, ${lossOf(newestGoodAgeSeconds)} would go with it: within the ${String(rpoHours)} hours your recovery point objective allows, but not proven. With the proven one, ${lossOf(newestProvenAgeSeconds)} would go.`;
  const less = newestGoodAgeSeconds < 60 ? 'almost nothing' : `only ${lossOf(newestGoodAgeSeconds)}`;
  return `${sure}, or ${less} if the newer backup can be restored${late(newestGoodAgeSeconds)}`;
}

/** How several sources stand. None is left out: what is not judged is said to be so. */
function standingOf({ sources, source }: Overview): string {
  const judged = sources.filter(({ state }) => state !== null);
  const bad = judged.filter(({ state }) => state !== 'OK');
  const disabled = sources.length - judged.length;
  const tail =
    disabled === 0
      ? ''
      : ` ${String(disabled)} more ${disabled === 1 ? 'is' : 'are'} disabled and not judged.`;
  if (judged.length === 0) return 'Every source is disabled: nothing is backed up, and nothing is judged.';
  if (bad.length > 1)
    return `${String(bad.length)} of ${String(judged.length)} sources need attention, ${source.name} first.${tail}`;
  if (bad.length === 1) {
    return judged.length === 1
      ? `${source.name} needs attention.${tail}`
      : `1 of ${String(judged.length)} sources needs attention: ${source.name}.${tail}`;
  }
  return judged.length === 1
    ? `${source.name} has a proven restore point.${tail}`
    : `Every one of ${String(judged.length)} sources has a proven restore point.${tail}`;
}

/** What `overview` is of, where it is not of all there is. */
function subjectOf(overview: Overview, isOfOne: boolean): Pick<Verdict, 'sources'> & { readonly of: string } {
  const { sources, source } = overview;
  if (sources.length === 1) return { sources: null, of: '' };
  if (!isOfOne) return { sources: standingOf(overview), of: ` of ${source.name}` };
  const isDisabled = sources.find(({ id }) => id === source.id)?.state === null;
  return {
    sources: isDisabled ? `${source.name} is disabled: it is neither backed up nor judged.` : null,
    of: ` of ${source.name}`,
  };
}

/**
 * Are we safe, since when: judged from what is proven, the newest backup's age and the checks, never better than the
 * worst of them. Without a proof within the recovery point objective it is never OK. Of several sources the worst off decides,
 * unless one was asked for (`isOfOne`).
 */
export function verdictOf(overview: Overview, isOfOne = false): Verdict {
  const { newestGood, newestGoodAgeSeconds, newestProven, newestProvenAgeSeconds, rpoHours, checks } =
    overview;
  const { sources, of } = subjectOf(overview, isOfOne);
  const consequence = consequenceOf(
    overview,
    sources === null && of === '' ? 'the database' : overview.source.name,
  );
  const isJudged = overview.sources.find(({ id }) => id === overview.source.id)?.state !== null;
  const state = worstState([
    ...checks.map((check) => check.state),
    isJudged ? stateOfAges(overview, rpoHours) : 'UNKNOWN',
  ]);
  if (newestGood === null && newestProven === null) {
    return {
      state,
      sources,
      // What is stored and failed its proof is worse than nothing stored: whoever reads this may count on it.
      lead: overview.recent.some(
        ({ sourceId, status, proof }) =>
          sourceId === overview.source.id && status === 'COMPLETED' && proof.state === 'FAILED',
      )
        ? `There is no restore point${of} to count on: what is stored failed its verification.`
        : `There is no restore point${of} yet.`,
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
  const isVerifying =
    unproven !== null &&
    (overview.verifying?.backupId === unproven.id || unproven.proof.lastStatus === 'IN_PROGRESS');
  const recoveryMs = newestProven?.proof.recoveryMs ?? null;
  return {
    state,
    sources,
    lead: newestProven === null ? `No restore point${of} is proven yet.` : null,
    proven:
      newestProven === null
        ? null
        : {
            row: newestProven,
            lead: `Last proven restore point${of}:`,
            tail: `${ago(newestProvenAgeSeconds ?? 0)}.${recoveryMs === null ? '' : ` Restoring it takes about ${aboutDuration(recoveryMs)}.`}`,
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
