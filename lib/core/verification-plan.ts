const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GB = 1e9;

/** A proof of the newest monthly backup is good for so long. */
const MONTHLY_PROOF_DAYS = 30;
/** What could not be shown is not tried again for the same reason within this: whatever stood in the way still does. */
const UNKNOWN_REST_MS = DAY_MS;
/** Copies that are late are read at most so often: a catalogue that comes back must not read all it has at once. */
const LATE_GAP_MS = HOUR_MS;

/** The part of the verification policy that says when. */
export interface VerificationTimes {
  readonly restore: 'after-each' | 'daily' | 'weekly' | 'off';
  readonly afterEachMaxGb: number;
  readonly provesNewestMonthly: boolean;
  readonly scrubDays: number;
}

type Place = 'local' | 's3';

export interface PlannedBackup {
  readonly id: string;
  readonly takenAt: Date;
  /** What pg_dump wrote; null when it is not known. */
  readonly plainBytes: number | null;
  /** The first stored copy; null when there is none. */
  readonly destination: Place | null;
  /** When a `restore` verification of it last came to a verdict; null when none has. */
  readonly judgedAt: Date | null;
}

export interface PlannedCopy {
  readonly backupId: string;
  readonly destination: Place;
  /** When its bytes were last read, whatever that showed. */
  readonly readAt: Date;
}

export interface VerificationState {
  /** The newest COMPLETED backup of everything. */
  readonly newestWhole: PlannedBackup | null;
  /** The newest of those that is MONTHLY. */
  readonly newestMonthly: PlannedBackup | null;
  /** Every STORED copy of a COMPLETED backup. */
  readonly copies: readonly PlannedCopy[];
  /** When a `restore` verification of any backup last came to a verdict; null when none has. */
  readonly lastJudgedAt: Date | null;
  /** When the last scrub was asked for; null when none was. */
  readonly lastScrubAt: Date | null;
  /** Attempts that ended UNKNOWN, none more than a day old. */
  readonly unknowns: readonly {
    readonly backupId: string;
    readonly destination: Place;
    readonly cause: string;
    readonly endedAt: Date;
  }[];
  /** Backups whose verification waits or runs. */
  readonly unfinished: readonly string[];
}

export interface DueVerification {
  readonly backupId: string;
  readonly destination: Place;
  readonly depth: 'bytes' | 'restore';
  readonly cause: 'after-backup' | 'daily' | 'weekly' | 'monthly' | 'scrub';
}

/** After how many days another backup is to be proven: 0 each one, null none by itself. */
export function provingPeriodDays(policy: VerificationTimes, plainBytes: number | null): number | null {
  switch (policy.restore) {
    case 'after-each':
      return plainBytes !== null && plainBytes > policy.afterEachMaxGb * GB ? 7 : 0;
    case 'daily':
      return 1;
    case 'weekly':
      return 7;
    case 'off':
      return null;
  }
}

const isOlder = (at: Date, now: Date, days: number): boolean => now.getTime() - at.getTime() >= days * DAY_MS;

/**
 * The copy to be read next, if one has to be read now. Oldest first. It begins half a period before the oldest is late, or
 * as much later as leaves time for all that come due behind it, one by one at even gaps: so that thirty copies of one age
 * do not come due in one night, and no copy is read more often than it must.
 */
function dueScrub(policy: VerificationTimes, now: Date, state: VerificationState): DueVerification | null {
  const periodMs = policy.scrubDays * DAY_MS;
  if (periodMs === 0 || state.copies.length === 0) return null;
  const copies = state.copies.toSorted(
    (a, b) => a.readAt.getTime() - b.readAt.getTime() || (a.backupId < b.backupId ? -1 : 1),
  );
  const gapMs = periodMs / 2 / copies.length;
  const leftMs = (copy: PlannedCopy): number => copy.readAt.getTime() + periodMs - now.getTime();
  const candidate = copies.find(
    ({ backupId, destination }) =>
      !state.unfinished.includes(backupId) && !isResting(state, now, 'scrub', backupId, destination),
  );
  if (candidate === undefined) return null;
  if (leftMs(candidate) > periodMs / 2) return null;
  const isLate = leftMs(candidate) <= 0;
  const sinceLastMs = state.lastScrubAt === null ? Infinity : now.getTime() - state.lastScrubAt.getTime();
  if (sinceLastMs < (isLate ? Math.min(gapMs, LATE_GAP_MS) : gapMs)) return null;
  // The n-th oldest can be reached in time only if the ones before it have begun.
  if (!copies.some((copy, index) => leftMs(copy) <= index * gapMs)) return null;
  return {
    backupId: candidate.backupId,
    destination: candidate.destination,
    depth: 'bytes',
    cause: 'scrub',
  };
}

function isResting(
  state: VerificationState,
  now: Date,
  cause: DueVerification['cause'],
  backupId: string,
  destination: Place,
): boolean {
  return state.unknowns.some(
    (unknown) =>
      unknown.backupId === backupId &&
      unknown.destination === destination &&
      unknown.cause === cause &&
      now.getTime() - unknown.endedAt.getTime() < UNKNOWN_REST_MS,
  );
}

/**
 * What is to be verified now, most pressing first; at most one of each kind, and no backup twice. Pure: the same
 * arguments give the same answer.
 */
export function dueVerifications(
  policy: VerificationTimes,
  now: Date,
  state: VerificationState,
): readonly DueVerification[] {
  const { newestWhole, newestMonthly } = state;
  const due: DueVerification[] = [];
  const restore = (backup: PlannedBackup, cause: DueVerification['cause']): void => {
    const { id, destination } = backup;
    if (destination === null || state.unfinished.includes(id)) return;
    if (isResting(state, now, cause, id, destination)) return;
    if (due.some(({ backupId }) => backupId === id)) return;
    due.push({ backupId: id, destination, depth: 'restore', cause });
  };
  if (newestWhole !== null) {
    const periodDays = provingPeriodDays(policy, newestWhole.plainBytes);
    if (periodDays === 0) {
      if (newestWhole.judgedAt === null) restore(newestWhole, 'after-backup');
    } else if (periodDays !== null) {
      if (state.lastJudgedAt === null || isOlder(state.lastJudgedAt, now, periodDays))
        restore(newestWhole, periodDays === 1 ? 'daily' : 'weekly');
    }
  }
  if (policy.provesNewestMonthly && newestMonthly !== null) {
    const { judgedAt, takenAt } = newestMonthly;
    if (isOlder(judgedAt ?? takenAt, now, MONTHLY_PROOF_DAYS)) restore(newestMonthly, 'monthly');
  }
  const scrub = dueScrub(policy, now, state);
  if (scrub !== null && !due.some(({ backupId }) => backupId === scrub.backupId)) due.push(scrub);
  return due;
}
