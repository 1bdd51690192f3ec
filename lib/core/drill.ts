import { AppError, type ErrorCode } from './errors.ts';
import { roughly } from './roughly.ts';
import { dueSlots, nextDueAt } from './schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Clocks of one installation differ by less than this. */
const CLOCK_SLACK_MS = 5 * MINUTE_MS;

type Verdict = 'PASSED' | 'FAILED' | 'UNKNOWN';

export interface DrillFacts {
  readonly objectives: { readonly rtoMinutes: number; readonly rpoHours: number };
  /** How the verification of the copy ended; null where there was no backup to come back to. */
  readonly verification: {
    readonly status: Verdict;
    readonly isProven: boolean;
    /** From when a worker took it to its end; null where nobody measured it. */
    readonly durationMs: number | null;
    readonly error: {
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | null;
    } | null;
  } | null;
  /** From the backup's snapshot to the request; null without a backup. */
  readonly dataLossMs: number | null;
}

export interface DrillJudgement {
  readonly status: Verdict;
  readonly verdicts: { readonly proof: Verdict; readonly rto: Verdict; readonly rpo: Verdict };
  /** Null where no copy was proven. */
  readonly recoveryMs: number | null;
  /** Null when PASSED. */
  readonly error: AppError | null;
}

const hours = (count: number): string => `${String(count)} ${count === 1 ? 'hour' : 'hours'}`;
const minutes = (count: number): string => `${String(count)} ${count === 1 ? 'minute' : 'minutes'}`;

const noBackup = (): DrillJudgement => ({
  status: 'FAILED',
  verdicts: { proof: 'FAILED', rto: 'FAILED', rpo: 'FAILED' },
  recoveryMs: null,
  error: new AppError('not_found', 'there is no backup to come back to', {
    hint: 'Take a backup of the whole database, then run the drill again.',
  }),
});

/**
 * What a rehearsed recovery showed: FAILED where the copy is not what was backed up, an objective was missed, or there was nothing
 * to come back to; else UNKNOWN where anything could not be shown; else PASSED. What is known to be missed stays FAILED although
 * the rest did not run, and what did not run is never PASSED.
 */
export function judgeDrill({ objectives, verification, dataLossMs }: DrillFacts): DrillJudgement {
  if (verification === null || dataLossMs === null) return noBackup();
  const { status, isProven, durationMs, error } = verification;
  const proof: Verdict = status === 'PASSED' && !isProven ? 'UNKNOWN' : status;
  const recoveryMs = proof === 'PASSED' ? durationMs : null;
  const rtoMs = objectives.rtoMinutes * MINUTE_MS;
  // One that ran into its own limit was not back by then: its time is known to be more.
  const wasTooLong = error?.code === 'timeout' && durationMs !== null && durationMs > rtoMs;
  const rto: Verdict =
    recoveryMs === null ? (wasTooLong ? 'FAILED' : 'UNKNOWN') : recoveryMs <= rtoMs ? 'PASSED' : 'FAILED';
  const isFuture = dataLossMs < -CLOCK_SLACK_MS;
  const rpo: Verdict = isFuture
    ? 'UNKNOWN'
    : dataLossMs <= objectives.rpoHours * HOUR_MS
      ? 'PASSED'
      : 'FAILED';
  const verdicts = { proof, rto, rpo };
  const all = Object.values(verdicts);
  const worst = all.includes('FAILED') ? 'FAILED' : all.includes('UNKNOWN') ? 'UNKNOWN' : 'PASSED';
  if (worst === 'PASSED') return { status: worst, verdicts, recoveryMs, error: null };

  const told: string[] = [];
  if (proof !== 'PASSED') told.push(error?.message ?? 'the copy was not proven');
  if (rto === 'FAILED')
    told.push(
      `coming back took ${roughly(durationMs ?? 0)}, the objective is ${minutes(objectives.rtoMinutes)}`,
    );
  if (rpo === 'FAILED')
    told.push(
      `${roughly(dataLossMs)} of changes would be lost, the objective is ${hours(objectives.rpoHours)}`,
    );
  if (isFuture)
    told.push(`the backup is dated ${roughly(-dataLossMs)} in the future: a clock was or is wrong`);
  const isMissed = rto === 'FAILED' || rpo === 'FAILED';
  const code = proof !== 'FAILED' && isMissed ? 'objective_missed' : (error?.code ?? 'tool_failed');
  const hint =
    code !== 'objective_missed'
      ? (error?.hint ?? 'Mend what is named, then run the drill again.')
      : rpo === 'FAILED'
        ? 'Take backups more often, find out why the newest one is old, or agree on another objective in the settings.'
        : 'Look in the report which step takes the time, give the worker a faster machine, or agree on another objective in the settings.';
  return { status: worst, verdicts, recoveryMs, error: new AppError(code, told.join('; '), { hint }) };
}

/** At 03:00, when the night's backup is taken and nobody works. */
const CRON = { monthly: '0 3 1 * *', quarterly: '0 3 1 1,4,7,10 *' } as const;

export interface DrillDates {
  /** The newest due instant that no drill has answered; null while none is missing. */
  readonly dueAt: Date | null;
  /** The first one after now; null where none is scheduled. */
  readonly nextDueAt: Date | null;
}

/**
 * When drills of a source are due. A drill by hand answers a due instant as well as the schedule's own: `answeredAt` is when the newest
 * that came to a verdict was asked for. What was due before `since`, when the source was added, was not missed.
 */
export function drillDates(
  schedule: 'never' | 'monthly' | 'quarterly',
  timeZone: string,
  moment: { readonly now: Date; readonly since: Date; readonly answeredAt: Date | null },
): DrillDates {
  if (schedule === 'never') return { dueAt: null, nextDueAt: null };
  const times = { cron: CRON[schedule], timeZone };
  const { now, since, answeredAt } = moment;
  const after = answeredAt !== null && answeredAt > since ? answeredAt : since;
  return { dueAt: dueSlots(times, after, now).newest, nextDueAt: nextDueAt(times, now) };
}
