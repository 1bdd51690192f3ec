import type { HealthCheck } from '../contracts/overview.ts';
import { roughly } from '../core/roughly.ts';
import { dueSlots, nextDueAt } from '../core/schedule.ts';
import type { Config } from '../platform/config.ts';
import type { BackupRecord } from '#db/queries/backup.ts';
import { bad, BACKUP_PAGE, ok } from './health-check.ts';
import type { SourceFacts } from './health-facts.ts';

/** A due backup counts as missing this long after its instant: a worker ticks every few seconds. */
const OVERDUE_GRACE_MS = 10 * 60_000;

/** Clocks of one installation differ by less than this. */
const CLOCK_SLACK_MS = 5 * 60_000;

export function recoveryPointCheck({ now, newestGood, rpoHours }: SourceFacts): HealthCheck {
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

export function lastRunCheck({ newestGood, newestFailed, newestCancelled, now }: SourceFacts): HealthCheck {
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

export function scheduleCheck(config: Config, { now, ownSchedulePage }: SourceFacts): HealthCheck {
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
export function overdueCheck(config: Config, facts: SourceFacts): HealthCheck {
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
