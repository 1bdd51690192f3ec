import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideRetention,
  estimateExpiry,
  type RetentionBackup,
  type RetentionPolicy,
} from '#lib/core/retention.ts';
import { tiersOfSlot } from '#lib/core/schedule.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const policy: RetentionPolicy = { daily: 7, weekly: 4, monthly: 12, minAgeHours: 24, timeZone: 'UTC' };
const now = new Date('2026-11-21T09:00:00Z');
const night = (daysAgo: number, status: RetentionBackup['status'] = 'COMPLETED'): RetentionBackup => {
  const takenAt = new Date(Date.parse('2026-11-21T01:00:00Z') - daysAgo * DAY);
  return {
    id: `night-${String(daysAgo).padStart(4, '0')}`,
    status,
    tiers: tiersOfSlot(takenAt, 'UTC'),
    takenAt,
    isWhole: true,
    proof: 'NEVER',
    proofFailedAt: null,
  };
};
const proven = (daysAgo: number): RetentionBackup => ({ ...night(daysAgo), proof: 'PROVEN' });
const failed = (daysAgo: number, failedDaysAgo: number): RetentionBackup => ({
  ...night(daysAgo),
  proof: 'FAILED',
  proofFailedAt: new Date(now.getTime() - failedDaysAgo * DAY),
});
const kept = (backups: readonly RetentionBackup[], rules = policy, at = now) =>
  decideRetention(rules, at, backups)
    .filter(({ decision }) => decision === 'keep')
    .map(({ id }) => id);

describe('BR-004', () => {
  test('two years of nights leave 7 daily, 4 weekly and 12 monthly backups', () => {
    const backups = Array.from({ length: 730 }, (_, i) => night(i));
    const decisions = decideRetention(policy, now, backups);
    const keeps = backups.filter((_, i) => decisions[i]?.decision === 'keep');
    const dates = keeps.map(({ takenAt }) => takenAt.toISOString().slice(0, 10));
    expect(dates.slice(0, 7)).toEqual([
      '2026-11-21',
      '2026-11-20',
      '2026-11-19',
      '2026-11-18',
      '2026-11-17',
      '2026-11-16',
      '2026-11-15',
    ]);
    expect(keeps.filter(({ tiers }) => tiers.includes('MONTHLY'))).toHaveLength(12);
    // 15 November and 1 November are Sundays of the last four; 1 November is monthly too.
    expect(dates).toEqual(expect.arrayContaining(['2026-11-08', '2026-11-01', '2026-10-25', '2025-12-01']));
    expect(dates).not.toContain('2026-10-18');
    expect(dates).not.toContain('2025-11-01');
    expect(keeps).toHaveLength(7 + 3 + 11);
  });

  test('failed nights eat no copies', () => {
    const backups = [
      ...Array.from({ length: 20 }, (_, i) => night(i, 'FAILED')),
      ...Array.from({ length: 20 }, (_, i) => night(20 + i)),
    ];
    const good = kept(backups).filter((id) => backups.find((b) => b.id === id)?.status === 'COMPLETED');
    expect(good.length).toBeGreaterThanOrEqual(7);
    expect(good.slice(0, 7)).toEqual(backups.slice(20, 27).map(({ id }) => id));
  });

  test('several backups on one day count as one day; the newest speaks for it', () => {
    const backups: RetentionBackup[] = [];
    for (let i = 2; i < 12; i += 1) {
      const base = night(i);
      backups.push(base, {
        ...base,
        id: `${base.id}-noon`,
        takenAt: new Date(base.takenAt.getTime() + 11 * HOUR),
      });
    }
    const daily = { ...policy, weekly: 0, monthly: 0 };
    expect(kept(backups, daily)).toEqual(
      Array.from({ length: 7 }, (_, i) => `night-${String(i + 2).padStart(4, '0')}-noon`),
    );
  });

  test('a manual backup stays until a person deletes it, and says so', () => {
    const manual: RetentionBackup = { ...night(900), id: 'manual', tiers: ['MANUAL'] };
    const [, decision] = decideRetention(policy, now, [night(0), manual]);
    expect(decision).toMatchObject({ decision: 'keep', expiresAt: null });
    expect(decision?.reasons.join()).toMatch(/by hand/);
  });

  test('the dates shown to people', () => {
    expect(estimateExpiry(policy, ['DAILY'], now)).toEqual(new Date(now.getTime() + 7 * DAY));
    expect(estimateExpiry(policy, ['DAILY', 'WEEKLY'], now)).toEqual(new Date(now.getTime() + 28 * DAY));
    expect(estimateExpiry(policy, ['DAILY', 'MONTHLY'], now)?.toISOString()).toBe('2027-11-21T09:00:00.000Z');
    expect(estimateExpiry(policy, ['MANUAL'], now)).toBeNull();
    const [only] = decideRetention(policy, now, [night(40)]);
    expect(only).toMatchObject({ decision: 'keep', expiresAt: null });
  });
});

describe('proofs', () => {
  const one = (backups: readonly RetentionBackup[], id: string, rules = policy) =>
    decideRetention(rules, now, backups).find((decision) => decision.id === id);
  const name = (daysAgo: number) => night(daysAgo).id;

  test('a failed proof fills no day: seven good nights remain beside it', () => {
    const daily = { ...policy, weekly: 0, monthly: 0 };
    const backups = Array.from({ length: 12 }, (_, i) =>
      i === 1 || i === 3 ? failed(i, 20) : i === 0 ? proven(i) : night(i),
    );
    expect(kept(backups, daily)).toEqual([0, 2, 4, 5, 6, 7, 8].map(name));
    expect(one(backups, name(3), daily)?.reasons).toEqual(['its proof failed, and a newer backup is proven']);
    // The same nights with good proofs push the last two out.
    expect(
      kept(
        backups.map((backup) => ({ ...backup, proof: 'NEVER' as const })),
        daily,
      ),
    ).toEqual([0, 1, 2, 3, 4, 5, 6].map(name));
  });

  test('it is kept a week after it failed, for a person to look at, and says so', () => {
    const decision = one([proven(1), failed(40, 6)], name(40));
    expect(decision).toMatchObject({
      decision: 'keep',
      expiresAt: new Date(now.getTime() + DAY),
      reasons: ['its proof failed: kept 7 days for a person to look at'],
    });
    expect(one([proven(1), failed(40, 7)], name(40))?.decision).toBe('drop');
  });

  test('without a newer proven one it stays, however old', () => {
    expect(one([night(1), proven(60), failed(40, 30)], name(40))).toMatchObject({
      decision: 'keep',
      reasons: ['its proof failed, but no newer backup is proven yet'],
    });
    const partial: RetentionBackup = { ...proven(1), isWhole: false };
    expect(one([partial, failed(40, 30)], name(40))?.decision).toBe('keep');
  });

  test('the last proven backup stays, whatever its age; the proof of some tables takes its place from nobody', () => {
    const nights = Array.from({ length: 40 }, (_, i) => night(i));
    const partial: RetentionBackup = { ...proven(50), id: 'partial', isWhole: false };
    const backups = [...nights, partial, proven(100), proven(101)];
    expect(one(backups, name(100))?.reasons).toEqual(['the last proven backup']);
    expect(one(backups, name(101))?.decision).toBe('drop');
    expect(one(backups, 'partial')?.decision).toBe('drop');
  });

  test('the newest backup with a failed proof is not "the newest": the one before it is', () => {
    const decisions = decideRetention({ ...policy, daily: 1, weekly: 0, monthly: 0 }, now, [
      failed(2, 1),
      night(3),
    ]);
    expect(decisions[1]?.reasons).toContain('the newest completed backup');
  });

  test('taken by hand, it stays until a person deletes it', () => {
    const manual: RetentionBackup = { ...failed(40, 30), tiers: ['MANUAL'] };
    expect(one([proven(1), manual], manual.id)?.decision).toBe('keep');
  });
});

const statuses = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'EXPIRED', 'DELETED'] as const;
const tiers = fc.constantFrom<RetentionBackup['tiers'][]>(
  ['MANUAL'],
  ['DAILY'],
  ['DAILY', 'WEEKLY'],
  ['DAILY', 'MONTHLY'],
  ['DAILY', 'WEEKLY', 'MONTHLY'],
  ['HOURLY'],
  ['YEARLY'],
);
const histories = fc
  .array(
    fc.record({
      status: fc.oneof(
        { weight: 3, arbitrary: fc.constant('COMPLETED' as const) },
        fc.constantFrom(...statuses),
      ),
      tiers,
      ageHours: fc.integer({ min: -2, max: 24 * 800 }),
      isWhole: fc.boolean(),
      proof: fc.constantFrom('NEVER' as const, 'PROVEN' as const, 'FAILED' as const),
      failedHours: fc.integer({ min: 0, max: 24 * 30 }),
    }),
    { maxLength: 60 },
  )
  .map((rows) =>
    rows.map(({ ageHours, failedHours, ...row }, i): RetentionBackup => ({
      ...row,
      proofFailedAt: row.proof === 'FAILED' ? new Date(now.getTime() - failedHours * HOUR) : null,
      id: `b${String(i)}`,
      takenAt: new Date(now.getTime() - ageHours * HOUR),
    })),
  );
const policies = fc.record({
  daily: fc.integer({ min: 1, max: 20 }),
  weekly: fc.integer({ min: 0, max: 8 }),
  monthly: fc.integer({ min: 0, max: 14 }),
  minAgeHours: fc.constant(24),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland'),
});
const property = (check: (rules: RetentionPolicy, history: readonly RetentionBackup[]) => void) => {
  fc.assert(fc.property(policies, histories, check), { numRuns: 400 });
};
const dropsOf = (rules: RetentionPolicy, history: readonly RetentionBackup[]) =>
  new Set(
    decideRetention(rules, now, history)
      .filter((d) => d.decision === 'drop')
      .map(({ id }) => id),
  );

describe('for every policy and history', () => {
  test('one decision a backup, in order, each with a reason', () => {
    property((rules, history) => {
      const decisions = decideRetention(rules, now, history);
      expect(decisions.map(({ id }) => id)).toEqual(history.map(({ id }) => id));
      for (const { reasons } of decisions) expect(reasons.length).toBeGreaterThan(0);
    });
  });
  test('only completed backups are dropped, never the newest of them, nothing under 24 hours, nothing manual', () => {
    property((rules, history) => {
      const drops = dropsOf(rules, history);
      const newest = history
        .filter(({ status, proof }) => status === 'COMPLETED' && proof !== 'FAILED')
        .reduce<number>((latest, { takenAt }) => Math.max(latest, takenAt.getTime()), -Infinity);
      for (const backup of history.filter(({ id }) => drops.has(id))) {
        expect(backup.status).toBe('COMPLETED');
        expect(backup.tiers).not.toContain('MANUAL');
        expect(now.getTime() - backup.takenAt.getTime()).toBeGreaterThanOrEqual(24 * HOUR);
      }
      const atNewest = history.filter(
        (b) => b.status === 'COMPLETED' && b.proof !== 'FAILED' && b.takenAt.getTime() === newest,
      );
      if (atNewest.length > 0) expect(atNewest.some(({ id }) => !drops.has(id))).toBe(true);
    });
  });
  test('what remains after a pass loses nothing more in a second', () => {
    property((rules, history) => {
      const drops = dropsOf(rules, history);
      expect(
        dropsOf(
          rules,
          history.filter(({ id }) => !drops.has(id)),
        ).size,
      ).toBe(0);
    });
  });
  test('a more generous policy keeps everything a stricter one keeps', () => {
    fc.assert(
      fc.property(policies, histories, fc.nat(5), fc.nat(5), fc.nat(5), (rules, history, a, b, c) => {
        const generous = {
          ...rules,
          daily: rules.daily + a,
          weekly: rules.weekly + b,
          monthly: rules.monthly + c,
        };
        const strict = dropsOf(rules, history);
        for (const id of dropsOf(generous, history)) expect(strict.has(id)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
  test('backups that did not complete change nothing for those that did', () => {
    property((rules, history) => {
      const completed = history.filter(({ status }) => status === 'COMPLETED');
      expect(dropsOf(rules, history)).toEqual(dropsOf(rules, completed));
    });
  });
  test('the last proven backup of the whole database is never dropped', () => {
    property((rules, history) => {
      const drops = dropsOf(rules, history);
      const provens = history.filter((b) => b.status === 'COMPLETED' && b.proof === 'PROVEN' && b.isWhole);
      const last = Math.max(...provens.map(({ takenAt }) => takenAt.getTime()));
      if (provens.length > 0)
        expect(provens.some((b) => b.takenAt.getTime() === last && !drops.has(b.id))).toBe(true);
    });
  });
  test('failed proofs take no place of a good backup', () => {
    property((rules, history) => {
      const good = history.filter(({ proof }) => proof !== 'FAILED');
      const ids = new Set(good.map(({ id }) => id));
      expect(new Set([...dropsOf(rules, history)].filter((id) => ids.has(id)))).toEqual(dropsOf(rules, good));
    });
  });
  test('a failed proof is dropped only a week after it failed, and only behind a newer proven backup', () => {
    property((rules, history) => {
      const drops = dropsOf(rules, history);
      for (const backup of history.filter((b) => drops.has(b.id) && b.proof === 'FAILED')) {
        expect(now.getTime() - (backup.proofFailedAt?.getTime() ?? 0)).toBeGreaterThanOrEqual(7 * DAY);
        const isBehind = history.some(
          (b) => b.status === 'COMPLETED' && b.proof === 'PROVEN' && b.isWhole && b.takenAt > backup.takenAt,
        );
        expect(isBehind).toBe(true);
      }
    });
  });
  test('the order of the list does not matter', () => {
    property((rules, history) => {
      expect(dropsOf(rules, history.toReversed())).toEqual(dropsOf(rules, history));
    });
  });
  test('an expiry date that is shown lies ahead', () => {
    property((rules, history) => {
      for (const { decision, expiresAt } of decideRetention(rules, now, history))
        if (decision === 'keep' && expiresAt !== null)
          expect(expiresAt.getTime()).toBeGreaterThan(now.getTime());
    });
  });
});
