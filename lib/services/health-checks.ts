import type { HealthCheck } from '../contracts/overview.ts';
import type { VerificationPolicy } from '../contracts/verification.ts';
import type { DrillDates } from '../core/drill.ts';
import { roughly } from '../core/roughly.ts';
import { dueSlots, nextDueAt } from '../core/schedule.ts';
import { provingPeriodDays } from '../core/verification-plan.ts';
import type { Config } from '../platform/config.ts';
import type { BackupRecord } from '#db/queries/backup.ts';
import type { EndedDrill } from '#db/queries/drill.ts';
import type { LogReadingRecord } from '#db/queries/log.ts';

/** A due backup counts as missing this long after its instant: a worker ticks every few seconds. */
const OVERDUE_GRACE_MS = 10 * 60_000;

/** Clocks of one installation differ by less than this. */
const CLOCK_SLACK_MS = 5 * 60_000;

const DAY_MS = 24 * 3_600_000;
/** A proof, or another reading of a copy, counts as missing this long after it was due. */
const PROOF_SLACK_MS = 2 * DAY_MS;
/** Where nothing is proven by itself, a proof by hand is good for so long. */
const PROOF_BY_HAND_DAYS = 30;

/** A worker looks at the kept log every few minutes; what it saw counts for so long. */
const LOG_SLACK_MS = 20 * 60_000;

const BACKUP_PAGE = '/settings/backup';
const DRILLS_PAGE = '/drills';
const INSTANT_PAGE = '/restores/instant';

/** What concerns every source. */
export interface InstallationFacts {
  readonly livingWorkers: number;
  readonly runbookReview: { readonly dueOn: string; readonly isOverdue: boolean };
  /** Their names. */
  readonly disabledSources: readonly string[];
  readonly enabledCount: number;
}

/** What is known of one source. */
export interface SourceFacts {
  readonly now: Date;
  readonly rpoHours: number;
  /** Where its own schedule is set; null where it follows the installation's. */
  readonly ownSchedulePage: string | null;
  readonly verification: VerificationPolicy;
  /**
   * The newest COMPLETED one of everything whose proof has not failed: a few tables, or a schema without rows, are no
   * restore point.
   */
  readonly newestGood: BackupRecord | null;
  /** The newest of everything whose proof stands. */
  readonly newestProven: BackupRecord | null;
  /** The newest of everything whose proof failed. */
  readonly newestProofFailed: BackupRecord | null;
  /** The oldest good one of everything that is newer than the newest proven, and was not proven. */
  readonly oldestUnproven: BackupRecord | null;
  /** A verification waits or runs. */
  readonly isVerifying: boolean;
  /** When the stored copy that was not read for longest was last read; null when there is none. */
  readonly oldestReadAt: Date | null;
  /** The newest that failed by itself. */
  readonly newestFailed: BackupRecord | null;
  /** The newest that a person cancelled. */
  readonly newestCancelled: BackupRecord | null;
  /** The newest due instant some worker settled; null when none has looked at the schedule yet. */
  readonly newestSettledDueAt: Date | null;
  readonly drills: {
    readonly dates: DrillDates;
    /** The newest that came to a verdict, and the newest that stayed UNKNOWN. */
    readonly judged: EndedDrill | null;
    readonly unknown: EndedDrill | null;
  };
  /** What a worker last saw of its kept log; null before the first look, undefined where it keeps none. */
  readonly log: LogReadingRecord | null | undefined;
}

const ok = (name: string, detail: string): HealthCheck => ({
  name,
  state: 'OK',
  detail,
  source: null,
  action: null,
});
const bad = (
  name: string,
  state: 'WARNING' | 'CRITICAL' | 'UNKNOWN',
  detail: string,
  label: string,
  href: string,
): HealthCheck => ({ name, state, detail, source: null, action: { label, href } });

function workerCheck({ livingWorkers }: InstallationFacts): HealthCheck {
  if (livingWorkers > 0) {
    return ok('worker', livingWorkers === 1 ? 'One worker is alive.' : `${livingWorkers} workers are alive.`);
  }
  return bad(
    'worker',
    'CRITICAL',
    'No worker is alive: no backup is taken until one runs. Start it with npm run worker.',
    'See what waits for a worker',
    BACKUP_PAGE,
  );
}

function recoveryPointCheck({ now, newestGood, rpoHours }: SourceFacts): HealthCheck {
  if (newestGood === null) {
    return bad(
      'recovery-point',
      'CRITICAL',
      'There is no completed backup of the whole database: the application could not be restored.',
      'Create a backup now',
      BACKUP_PAGE,
    );
  }
  const ageMs = now.getTime() - newestGood.createdAt.getTime();
  const rpoMs = rpoHours * 3_600_000;
  if (ageMs < -CLOCK_SLACK_MS) {
    return bad(
      'recovery-point',
      'UNKNOWN',
      `The newest completed backup is dated ${roughly(-ageMs)} in the future: a clock was or is wrong, so its age is not known.`,
      'Create a backup now',
      BACKUP_PAGE,
    );
  }
  const goal = `the target is ${rpoHours} ${rpoHours === 1 ? 'hour' : 'hours'}`;
  if (ageMs <= rpoMs) {
    return ok('recovery-point', `The newest completed backup is ${roughly(ageMs)} old; ${goal}.`);
  }
  return bad(
    'recovery-point',
    ageMs <= 2 * rpoMs ? 'WARNING' : 'CRITICAL',
    `The newest completed backup is ${roughly(ageMs)} old; ${goal}.`,
    'Create a backup now',
    BACKUP_PAGE,
  );
}

function lastRunCheck({ newestGood, newestFailed, newestCancelled, now }: SourceFacts): HealthCheck {
  const isLater = (run: BackupRecord | null): run is BackupRecord =>
    run !== null && (newestGood === null || run.createdAt > newestGood.createdAt);
  const since = (run: BackupRecord): string => `${roughly(now.getTime() - run.createdAt.getTime())} ago`;
  if (isLater(newestFailed)) {
    const why = newestFailed.errorMessage === null ? '' : `: ${newestFailed.errorMessage}`;
    const hint = newestFailed.errorHint === null ? '' : ` ${newestFailed.errorHint}`;
    return bad(
      'last-run',
      newestGood === null ? 'CRITICAL' : 'WARNING',
      `The last backup, ${since(newestFailed)}, failed${why}.${hint}`,
      'See what failed',
      `${BACKUP_PAGE}?status=FAILED`,
    );
  }
  if (isLater(newestCancelled)) {
    return bad(
      'last-run',
      'UNKNOWN',
      `The last backup, ${since(newestCancelled)}, was cancelled by a person, so whether it would have completed is not known.`,
      'Create a backup now',
      BACKUP_PAGE,
    );
  }
  return newestGood === null
    ? bad('last-run', 'UNKNOWN', 'No backup has run yet.', 'Create a backup now', BACKUP_PAGE)
    : ok('last-run', 'The last finished backup completed.');
}

function scheduleCheck(config: Config, { now, ownSchedulePage }: SourceFacts): HealthCheck {
  if (!config.schedule.isEnabled) {
    return bad(
      'schedule',
      'WARNING',
      `Scheduled backups are switched off${ownSchedulePage === null ? ' (BACKUP_ENABLED=false)' : ''}: only what a person starts is taken.`,
      'Create a backup now',
      BACKUP_PAGE,
    );
  }
  const next = nextDueAt(config.schedule, now);
  return next === null
    ? bad(
        'schedule',
        'CRITICAL',
        `The schedule "${config.schedule.cron}" is never due. Correct ${ownSchedulePage === null ? 'BACKUP_SCHEDULE' : 'it'}.`,
        'See the schedule',
        ownSchedulePage ?? BACKUP_PAGE,
      )
    : ok('schedule', `The next backup is due in ${roughly(next.getTime() - now.getTime())}.`);
}

/** Judged from the clock and the catalogue alone, so that a dead scheduler cannot keep it green. */
function overdueCheck(config: Config, facts: SourceFacts): HealthCheck {
  if (!config.schedule.isEnabled) return ok('overdue', 'Nothing is scheduled, so nothing is overdue.');
  const until = new Date(facts.now.getTime() - OVERDUE_GRACE_MS);
  if (facts.newestSettledDueAt === null) {
    return bad(
      'overdue',
      'UNKNOWN',
      'No worker has looked at the schedule yet, so whether a backup is overdue is not known.',
      'See the schedule',
      BACKUP_PAGE,
    );
  }
  const { newest, missedCount } = dueSlots(config.schedule, facts.newestSettledDueAt, until);
  if (newest === null) return ok('overdue', 'No scheduled backup waits to be started.');
  const count = missedCount + 1;
  return bad(
    'overdue',
    'CRITICAL',
    `${count === 1 ? 'A scheduled backup was' : `${count} scheduled backups were`} not started; the last was due ${roughly(facts.now.getTime() - newest.getTime())} ago.`,
    'Create a backup now',
    BACKUP_PAGE,
  );
}

const isLaterThan = (a: BackupRecord, b: BackupRecord | null): boolean =>
  b === null || a.createdAt > b.createdAt;

/** Since when a proof is missing that the policy wants; null while none is. */
function proofMissingSince(facts: SourceFacts, periodDays: number | null): Date | null {
  const { newestGood, newestProven, oldestUnproven } = facts;
  if (newestProven === null) return oldestUnproven?.createdAt ?? null;
  const days = periodDays ?? PROOF_BY_HAND_DAYS;
  const from = (at: Date): Date => new Date(at.getTime() + days * DAY_MS);
  if (days > 0 && newestGood?.id !== newestProven.id && newestProven.provenAt !== null)
    return from(newestProven.provenAt);
  return oldestUnproven === null ? null : from(oldestUnproven.createdAt);
}

/** Whether a restore is known to work: what a person would bet the company on. */
function proofCheck(config: Config, facts: SourceFacts): HealthCheck {
  const { now, newestGood, newestProven, newestProofFailed, verification } = facts;
  const failed = newestProofFailed;
  if (failed !== null && isLaterThan(failed, newestProven)) {
    const last = failed.lastVerification;
    const why = last?.status === 'FAILED' && last.errorMessage !== null ? `: ${last.errorMessage}` : '';
    return bad(
      'proof',
      'CRITICAL',
      `The backup taken ${roughly(now.getTime() - failed.createdAt.getTime())} ago failed its verification${why}.`,
      'See what failed',
      `${BACKUP_PAGE}?proof=FAILED`,
    );
  }
  if (newestGood === null)
    return bad(
      'proof',
      'UNKNOWN',
      'There is no backup whose restore could be proven.',
      'Create a backup now',
      BACKUP_PAGE,
    );
  const periodDays = provingPeriodDays(verification, newestGood.plainSizeBytes);
  const since = proofMissingSince(facts, periodDays);
  const lateMs = since === null ? 0 : now.getTime() - since.getTime();
  const proven =
    newestProven === null
      ? 'No backup has been proven by a restore.'
      : `The newest proven backup is ${roughly(now.getTime() - newestProven.createdAt.getTime())} old.`;
  if (newestProven !== null && lateMs <= PROOF_SLACK_MS) return ok('proof', proven);
  if (newestGood.isEncrypted && config.ageIdentityFile === null) {
    return bad(
      'proof',
      'UNKNOWN',
      `${proven} Backups are encrypted and this server has no key to open them, so no restore can be proven here: set BACKUP_AGE_IDENTITY_FILE on a worker.`,
      'See how restores are proven',
      BACKUP_PAGE,
    );
  }
  const last = newestGood.lastVerification;
  if (last?.status === 'UNKNOWN' && last.errorCode !== 'cancelled') {
    return bad(
      'proof',
      'UNKNOWN',
      `${proven} The last verification could not show it: ${last.errorMessage ?? 'no reason is known'}.${last.errorHint === null ? '' : ` ${last.errorHint}`}`,
      'See what was looked at',
      BACKUP_PAGE,
    );
  }
  if (periodDays === null) {
    return bad(
      'proof',
      'WARNING',
      `${proven} Restores are not proven by themselves (switched off in the settings).`,
      'Verify the newest backup',
      BACKUP_PAGE,
    );
  }
  if (lateMs <= PROOF_SLACK_MS) {
    return bad(
      'proof',
      'UNKNOWN',
      facts.isVerifying ? `${proven} A verification is on its way.` : `${proven} The first proof follows.`,
      'Verify the newest backup',
      BACKUP_PAGE,
    );
  }
  return bad(
    'proof',
    'WARNING',
    `${proven} A proof is overdue for ${roughly(lateMs)}.`,
    'Verify the newest backup',
    BACKUP_PAGE,
  );
}

/** Whether stored copies are still what was written: a disk that rots says nothing. */
function scrubCheck({ now, verification, oldestReadAt }: SourceFacts): HealthCheck {
  const { scrubDays } = verification;
  if (scrubDays === 0) return ok('scrub', 'Stored copies are not read again (switched off in the settings).');
  if (oldestReadAt === null) return ok('scrub', 'There is no stored copy to read again.');
  const ageMs = now.getTime() - oldestReadAt.getTime();
  const goal = `the target is ${scrubDays} ${scrubDays === 1 ? 'day' : 'days'}`;
  if (ageMs <= scrubDays * DAY_MS + PROOF_SLACK_MS)
    return ok('scrub', `Every stored copy was read within ${roughly(ageMs)}; ${goal}.`);
  return bad(
    'scrub',
    'WARNING',
    `A stored copy was not read again for ${roughly(ageMs)}; ${goal}.`,
    'See the backups',
    BACKUP_PAGE,
  );
}

/** Whether coming back was rehearsed in time, and went as it should. */
function drillCheck({ now, verification, drills: { dates, judged, unknown } }: SourceFacts): HealthCheck {
  const since = (drill: EndedDrill): string => `${roughly(now.getTime() - drill.createdAt.getTime())} ago`;
  const why = (drill: EndedDrill): string => (drill.errorMessage === null ? '' : `: ${drill.errorMessage}`);
  if (unknown !== null && (judged === null || unknown.createdAt > judged.createdAt)) {
    return bad(
      'drill',
      'UNKNOWN',
      `The last drill, ${since(unknown)}, did not come to its end${why(unknown)}.`,
      'See the drills',
      DRILLS_PAGE,
    );
  }
  if (judged?.status === 'FAILED') {
    return bad(
      'drill',
      'WARNING',
      `The last drill, ${since(judged)}, failed${why(judged)}.`,
      'See the drills',
      DRILLS_PAGE,
    );
  }
  const lateMs = dates.dueAt === null ? 0 : now.getTime() - dates.dueAt.getTime();
  if (lateMs > PROOF_SLACK_MS) {
    return bad(
      'drill',
      'WARNING',
      `${judged === null ? 'No drill has been run yet' : `The last drill was ${since(judged)}`}; one is overdue for ${roughly(lateMs)}.`,
      'Run a drill',
      DRILLS_PAGE,
    );
  }
  const last = judged === null ? 'No drill has been run yet' : `The last drill, ${since(judged)}, passed`;
  const next =
    verification.drill === 'never'
      ? 'none is scheduled (switched off in the settings)'
      : dates.dueAt !== null
        ? 'the next is due now'
        : dates.nextDueAt === null
          ? 'none is due'
          : `the next is due in ${roughly(dates.nextDueAt.getTime() - now.getTime())}`;
  return ok('drill', `${last}; ${next}.`);
}

/** Whether the server can be brought back to any instant, as who keeps its log counts on. */
function pointInTimeCheck({ now, log }: SourceFacts): HealthCheck[] {
  if (log === undefined) return [];
  const check = (state: 'WARNING' | 'CRITICAL' | 'UNKNOWN', detail: string): HealthCheck[] => [
    bad('point-in-time', state, detail, 'See what can be reached', INSTANT_PAGE),
  ];
  if (log === null) return check('UNKNOWN', 'No worker has looked at the kept log yet.');
  const ageMs = now.getTime() - log.readAt.getTime();
  if (ageMs > LOG_SLACK_MS)
    return check('UNKNOWN', `No worker has looked at the kept log for ${roughly(ageMs)}.`);
  const { reading } = log;
  if (reading === null)
    return check(
      'UNKNOWN',
      `The kept log could not be looked at: ${log.errorMessage ?? 'no reason is known'}.${log.errorHint === null ? '' : ` ${log.errorHint}`}`,
    );
  const [newest] = reading.stretches;
  if (reading.flaw !== null)
    return check('CRITICAL', `What is written now cannot be brought back to an instant: ${reading.flaw}.`);
  if (newest === undefined)
    return check(
      'WARNING',
      'The log is kept, but there is no base archive that it goes on from: take one with base-backup.sh.',
    );
  if (newest.missing !== null)
    return check(
      'CRITICAL',
      `Segment ${newest.missing} of the kept log is missing: no instant after it can be reached until a new base archive is taken.`,
    );
  if (reading.archiveTimeoutSeconds === 0)
    return check(
      'WARNING',
      'The server archives a segment only when it is full, so the newest changes may be missing for hours: set its archive_timeout.',
    );
  return [
    ok(
      'point-in-time',
      `Any instant of the last ${roughly(now.getTime() - Date.parse(newest.from))} can be reached, up to the newest archived segment.`,
    ),
  ];
}

/** Whether the runbook was looked at this quarter: on the day it is needed its names and people must be right. */
function runbookCheck({ runbookReview }: InstallationFacts): HealthCheck {
  if (!runbookReview.isOverdue)
    return ok('runbook', `The runbook is to be reviewed by ${runbookReview.dueOn}.`);
  return bad(
    'runbook',
    'WARNING',
    `The quarterly review of the runbook was due on ${runbookReview.dueOn}.`,
    'Review the runbook',
    '/runbook',
  );
}

/** A source that nobody backs up any more is told of: it must not look safe because it is left out. */
function sourcesCheck({ disabledSources, enabledCount }: InstallationFacts): HealthCheck[] {
  if (disabledSources.length === 0) return [];
  const names = disabledSources.join(', ');
  return enabledCount === 0
    ? [
        bad(
          'sources',
          'UNKNOWN',
          'Every source is disabled: nothing is backed up, and nothing is judged.',
          'See the sources',
          '/sources',
        ),
      ]
    : [ok('sources', `Disabled, so neither backed up nor judged: ${names}.`)];
}

/** Every health rule of one source over these facts. `config` is its own. */
export function judgeSource(config: Config, facts: SourceFacts): HealthCheck[] {
  return [
    recoveryPointCheck(facts),
    proofCheck(config, facts),
    lastRunCheck(facts),
    overdueCheck(config, facts),
    scrubCheck(facts),
    drillCheck(facts),
    ...pointInTimeCheck(facts),
    scheduleCheck(config, facts),
  ];
}

/** Every health rule that concerns all sources. The catalogue answered, or there would be no facts. */
export function judgeInstallation(facts: InstallationFacts): HealthCheck[] {
  return [
    workerCheck(facts),
    ...sourcesCheck(facts),
    runbookCheck(facts),
    ok('catalogue', 'The catalogue database answers.'),
  ];
}

/** The same, where there are several sources: it says of which it speaks, and its action leads to that one's backups or drills. */
export function ofSource(check: HealthCheck, source: NonNullable<HealthCheck['source']>): HealthCheck {
  const { action } = check;
  if (![BACKUP_PAGE, DRILLS_PAGE].some((page) => action?.href.startsWith(page)) || action === null)
    return { ...check, source };
  const join = action.href.includes('?') ? '&' : '?';
  return { ...check, source, action: { ...action, href: `${action.href}${join}source=${source.id}` } };
}
