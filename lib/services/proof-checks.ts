import type { HealthCheck } from '../contracts/overview.ts';
import { roughly } from '../core/roughly.ts';
import { provingPeriodDays } from '../core/verification-plan.ts';
import type { Config } from '../platform/config.ts';
import type { BackupRecord } from '#db/queries/backup.ts';
import type { EndedDrill } from '#db/queries/drill.ts';
import { bad, BACKUP_PAGE, DRILLS_PAGE, ok } from './health-check.ts';
import type { SourceFacts } from './health-facts.ts';

const DAY_MS = 24 * 3_600_000;
/** A proof, or another reading of a copy, counts as missing this long after it was due. */
const PROOF_SLACK_MS = 2 * DAY_MS;
/** Where nothing is proven by itself, a proof by hand is good for so long. */
const PROOF_BY_HAND_DAYS = 30;

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
export function proofCheck(config: Config, facts: SourceFacts): HealthCheck {
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
export function scrubCheck({ now, verification, oldestReadAt }: SourceFacts): HealthCheck {
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
export function drillCheck({
  now,
  verification,
  drills: { dates, judged, unknown },
}: SourceFacts): HealthCheck {
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
