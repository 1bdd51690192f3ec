import { localDateOf } from './schedule.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What failed its proof is kept so long for a person to look at. */
const FAILED_PROOF_DAYS = 7;

/** How many to keep of each tier (4-ims.md BR-004: 7, 4, 12). */
export interface RetentionPolicy {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  /** Nothing younger is ever dropped. */
  readonly minAgeHours: number;
  /** Which calendar "a day" belongs to. */
  readonly timeZone: string;
}

export interface RetentionBackup {
  readonly id: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'EXPIRED' | 'DELETED';
  readonly tiers: readonly ('MANUAL' | 'HOURLY' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY')[];
  readonly takenAt: Date;
  /** It holds everything: some tables alone, or a schema without rows, bring no application back. */
  readonly isWhole: boolean;
  readonly proof: 'NEVER' | 'PROVEN' | 'FAILED';
  /** When its proof failed; null where it has not. */
  readonly proofFailedAt: Date | null;
}

export interface RetentionDecision {
  readonly id: string;
  readonly decision: 'keep' | 'drop';
  /** At least one, in words: which rule keeps it, or why none does. */
  readonly reasons: readonly string[];
  /** When the rules are likely to let go of it, were the schedule to go on as it is; null: not foreseeable, or never. */
  readonly expiresAt: Date | null;
}

const rules = [
  { tier: 'DAILY', policy: 'daily', word: 'daily' },
  { tier: 'WEEKLY', policy: 'weekly', word: 'weekly' },
  { tier: 'MONTHLY', policy: 'monthly', word: 'monthly' },
] as const;

function monthsLater(instant: Date, months: number): Date {
  const later = new Date(instant);
  later.setUTCMonth(later.getUTCMonth() + months);
  return later;
}

function horizon(
  tier: RetentionBackup['tiers'][number],
  policy: RetentionPolicy,
  takenAt: Date,
): Date | null {
  switch (tier) {
    case 'DAILY':
      return new Date(takenAt.getTime() + policy.daily * DAY_MS);
    case 'WEEKLY':
      return new Date(takenAt.getTime() + policy.weekly * 7 * DAY_MS);
    case 'MONTHLY':
      return monthsLater(takenAt, policy.monthly);
    case 'MANUAL':
    case 'HOURLY':
    case 'YEARLY':
      return null;
  }
}

/** The estimate shown to people: the latest of what its tiers promise, never within the minimum age. */
export function estimateExpiry(
  policy: RetentionPolicy,
  tiers: RetentionBackup['tiers'],
  takenAt: Date,
): Date | null {
  let latest = takenAt.getTime() + policy.minAgeHours * HOUR_MS;
  for (const tier of tiers) {
    const until = horizon(tier, policy, takenAt);
    if (until === null) return null;
    latest = Math.max(latest, until.getTime());
  }
  return new Date(latest);
}

const failedUntil = ({ proofFailedAt, takenAt }: RetentionBackup): Date =>
  new Date((proofFailedAt ?? takenAt).getTime() + FAILED_PROOF_DAYS * DAY_MS);

/**
 * Which backups the policy keeps and which it lets go, each with its reasons. "Keep the last 7 daily backups" counts
 * days that have one, so that neither failed nights nor a second backup on one day push out an older day's copy; of
 * several on a day the newest speaks for it. Only COMPLETED backups count, and only they can be dropped; the newest
 * COMPLETED one, the last proven one, what is younger than the minimum age, and what was taken by hand are always kept.
 * One whose proof failed is no copy at all: it speaks for no day and is never the newest; it is kept for a week after it
 * failed, for a person to look at, and until a newer one is proven. Pure: the same arguments give the same answer, in the
 * order of `backups`.
 */
export function decideRetention(
  policy: RetentionPolicy,
  now: Date,
  backups: readonly RetentionBackup[],
): readonly RetentionDecision[] {
  const all = backups
    .filter(({ status }) => status === 'COMPLETED')
    .toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.id < b.id ? 1 : -1));
  const completed = all.filter(({ proof }) => proof !== 'FAILED');
  const reasons = new Map<string, string[]>(all.map(({ id }) => [id, []]));
  const keep = (id: string, reason: string) => reasons.get(id)?.push(reason);

  const newest = completed[0];
  if (newest !== undefined) keep(newest.id, 'the newest completed backup');
  // Of the whole database: the proof of one table brings no application back.
  const lastProven = completed.find(({ proof, isWhole }) => proof === 'PROVEN' && isWhole);
  if (lastProven !== undefined) keep(lastProven.id, 'the last proven backup');
  for (const backup of all) {
    if (now.getTime() - backup.takenAt.getTime() < policy.minAgeHours * HOUR_MS)
      keep(backup.id, `younger than ${policy.minAgeHours} hours`);
    if (backup.tiers.includes('MANUAL')) keep(backup.id, 'taken by hand: kept until a person deletes it');
    if (backup.proof === 'FAILED') {
      if (now.getTime() < failedUntil(backup).getTime())
        keep(backup.id, `its proof failed: kept ${String(FAILED_PROOF_DAYS)} days for a person to look at`);
      if (lastProven === undefined || lastProven.takenAt <= backup.takenAt)
        keep(backup.id, 'its proof failed, but no newer backup is proven yet');
      continue;
    }
    for (const tier of ['HOURLY', 'YEARLY'] as const)
      if (backup.tiers.includes(tier)) keep(backup.id, `no rule for the tier ${tier}: kept`);
  }
  for (const { tier, policy: name, word } of rules) {
    const days = new Set<string>();
    for (const backup of completed) {
      if (!backup.tiers.includes(tier)) continue;
      const { date } = localDateOf(backup.takenAt, policy.timeZone);
      if (days.has(date)) continue;
      if (days.size >= policy[name]) break;
      days.add(date);
      keep(backup.id, `${word} backup ${days.size} of the last ${policy[name]}`);
    }
  }

  return backups.map((backup) => {
    const { id, status, tiers, takenAt, proof } = backup;
    if (status !== 'COMPLETED')
      return { id, decision: 'keep', reasons: [`${status}: only completed backups expire`], expiresAt: null };
    const why = reasons.get(id) ?? [];
    if (why.length === 0) {
      return {
        id,
        decision: 'drop',
        reasons: [
          proof === 'FAILED'
            ? 'its proof failed, and a newer backup is proven'
            : `no longer among the last ${policy.daily} daily, ${policy.weekly} weekly or ${policy.monthly} monthly backups`,
        ],
        expiresAt: now,
      };
    }
    const estimate = proof === 'FAILED' ? failedUntil(backup) : estimateExpiry(policy, tiers, takenAt);
    // Past its date and still kept: something newer has to come first, and nobody knows when.
    return {
      id,
      decision: 'keep',
      reasons: why,
      expiresAt: estimate !== null && estimate > now ? estimate : null,
    };
  });
}
