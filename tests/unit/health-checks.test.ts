import { expect, test } from 'vitest';
import { parseConfig } from '#lib/platform/config.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { roughly } from '#lib/core/roughly.ts';
import { judgeInstallation, judgeSource, ofSource } from '#lib/services/health-checks.ts';
import type { InstallationFacts, SourceFacts } from '#lib/services/health-facts.ts';
import type { BackupRecord } from '#db/queries/backup.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const config = parseConfig({ BACKUP_TIMEZONE: 'UTC' });
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);
const backup = (hours: number, more: Partial<BackupRecord> = {}): BackupRecord =>
  ({
    id: `backup of ${String(hours)} hours`,
    createdAt: ago(hours),
    errorCode: null,
    errorMessage: null,
    errorHint: null,
    isEncrypted: false,
    plainSizeBytes: 1_000_000,
    proof: 'NEVER',
    provenAt: null,
    lastVerification: null,
    ...more,
  }) as BackupRecord;
const proven = (hours: number, provenHours = hours): BackupRecord =>
  backup(hours, { proof: 'PROVEN', provenAt: ago(provenHours) });
const ended = (status: 'FAILED' | 'UNKNOWN', errorCode: string): Partial<BackupRecord> => ({
  lastVerification: { status, errorCode, errorMessage: 'it went wrong', errorHint: 'Do this.' },
});
const policy = (more: Partial<typeof DEFAULT_VERIFICATION_POLICY>) => ({
  verification: { ...DEFAULT_VERIFICATION_POLICY, ...more },
});
type HealthFacts = SourceFacts & InstallationFacts;
const judge = (of: typeof config, facts: HealthFacts) => [
  ...judgeSource(of, facts),
  ...judgeInstallation(facts),
];
const good: HealthFacts = {
  now: NOW,
  rpoHours: 24,
  verification: DEFAULT_VERIFICATION_POLICY,
  ownSchedulePage: null,
  livingWorkers: 1,
  disabledSources: [],
  enabledCount: 1,
  newestGood: proven(11),
  newestProven: proven(11),
  newestProofFailed: null,
  oldestUnproven: null,
  isVerifying: false,
  oldestReadAt: ago(11),
  newestFailed: null,
  newestCancelled: null,
  newestSettledDueAt: new Date('2026-11-21T01:00:00Z'),
  runbookReview: { dueOn: '2026-12-24', isOverdue: false },
  drills: {
    dates: { dueAt: null, nextDueAt: new Date('2027-01-01T03:00:00Z') },
    judged: { status: 'PASSED', createdAt: ago(24), errorMessage: null },
    unknown: null,
  },
  log: undefined,
};
const drills = (more: Partial<HealthFacts['drills']>) => ({ drills: { ...good.drills, ...more } });
const drilled = (status: 'PASSED' | 'FAILED' | 'UNKNOWN', hours: number) => ({
  status,
  createdAt: ago(hours),
  errorMessage: status === 'PASSED' ? null : 'it went wrong',
});
const kept = (
  more: Partial<NonNullable<NonNullable<HealthFacts['log']>['reading']>> | null,
  minutesAgo = 4,
): Partial<HealthFacts> => ({
  log: {
    sourceId: 'source',
    readAt: ago(minutesAgo / 60),
    reading:
      more === null ? null : { stretches: [stretch(null)], flaw: null, archiveTimeoutSeconds: 300, ...more },
    errorCode: null,
    errorMessage: null,
    errorHint: null,
  },
});
const stretch = (missing: string | null) => ({
  from: ago(48).toISOString(),
  until: ago(1).toISOString(),
  lastSegment: '00000001000000000000000A',
  missing,
  bases: [],
});
const dueHoursAgo = (hours: number) => ({ dueAt: ago(hours), nextDueAt: new Date('2027-01-01T03:00:00Z') });
const state = (name: string, facts: Partial<HealthFacts>, of = config): string | undefined =>
  judge(of, { ...good, ...facts }).find((check) => check.name === name)?.state;

test('all is well: every check is OK and asks for nothing', () => {
  for (const check of judge(config, good)) expect(check).toMatchObject({ state: 'OK', action: null });
});

test.each([
  ['recovery-point', { newestGood: null }, 'CRITICAL'],
  ['recovery-point', { newestGood: backup(25) }, 'WARNING'],
  ['recovery-point', { newestGood: backup(49) }, 'CRITICAL'],
  ['recovery-point', { newestGood: backup(25), rpoHours: 48 }, 'OK'],
  ['worker', { livingWorkers: 0 }, 'CRITICAL'],
  ['runbook', { runbookReview: { dueOn: '2026-11-20', isOverdue: true } }, 'WARNING'],
  ['last-run', { newestFailed: backup(1) }, 'WARNING'],
  ['last-run', { newestFailed: backup(1), newestGood: null }, 'CRITICAL'],
  ['last-run', { newestCancelled: backup(1) }, 'UNKNOWN'],
  ['last-run', { newestCancelled: backup(20) }, 'OK'],
  // A cancelled run after a failed one proves nothing about what failed.
  ['last-run', { newestFailed: backup(2), newestCancelled: backup(1) }, 'WARNING'],
  // Clocks: an age that cannot be is not a young age.
  ['recovery-point', { newestGood: backup(-2) }, 'UNKNOWN'],
  ['recovery-point', { newestGood: backup(-0.01) }, 'OK'],
  ['last-run', { newestFailed: backup(20) }, 'OK'],
  ['last-run', { newestGood: null }, 'UNKNOWN'],
  ['overdue', { newestSettledDueAt: new Date('2026-11-20T01:00:00Z') }, 'CRITICAL'],
  ['overdue', { newestSettledDueAt: null }, 'UNKNOWN'],
  [
    'overdue',
    { newestSettledDueAt: new Date('2026-11-20T01:00:00Z'), now: new Date('2026-11-21T01:05:00Z') },
    'OK',
  ],
  ['scrub', { oldestReadAt: ago(29 * 24) }, 'OK'],
  ['scrub', { oldestReadAt: ago(33 * 24) }, 'WARNING'],
  ['scrub', { oldestReadAt: ago(33 * 24), ...policy({ scrubDays: 0 }) }, 'OK'],
  ['scrub', { oldestReadAt: null }, 'OK'],
  // Who keeps no log is not told of it.
  ['point-in-time', { log: undefined }, undefined],
  ['point-in-time', { log: null }, 'UNKNOWN'],
  ['point-in-time', kept({}), 'OK'],
  ['point-in-time', kept({}, 19), 'OK'],
  ['point-in-time', kept({}, 21), 'UNKNOWN'],
  ['point-in-time', kept(null), 'UNKNOWN'],
  ['point-in-time', kept({ flaw: 'archiving fails' }), 'CRITICAL'],
  ['point-in-time', kept({ flaw: 'archiving fails' }, 21), 'UNKNOWN'],
  ['point-in-time', kept({ stretches: [] }), 'WARNING'],
  ['point-in-time', kept({ stretches: [stretch('00000001000000000000000B')] }), 'CRITICAL'],
  // What came before the newest base archive is over.
  ['point-in-time', kept({ stretches: [stretch(null), stretch('00000001000000000000000B')] }), 'OK'],
  ['point-in-time', kept({ archiveTimeoutSeconds: 0 }), 'WARNING'],
  ['drill', drills({ judged: drilled('FAILED', 2) }), 'WARNING'],
  ['drill', drills({ unknown: drilled('UNKNOWN', 2) }), 'UNKNOWN'],
  ['drill', drills({ judged: null, unknown: drilled('UNKNOWN', 2) }), 'UNKNOWN'],
  ['drill', drills({ unknown: drilled('UNKNOWN', 48) }), 'OK'],
  ['drill', drills({ judged: null }), 'OK'],
  ['drill', drills({ dates: dueHoursAgo(47) }), 'OK'],
  ['drill', drills({ dates: dueHoursAgo(49) }), 'WARNING'],
  ['drill', drills({ judged: null, dates: dueHoursAgo(49) }), 'WARNING'],
  [
    'drill',
    { ...drills({ judged: null, dates: { dueAt: null, nextDueAt: null } }), ...policy({ drill: 'never' }) },
    'OK',
  ],
  // One that waits its turn, or was taken a moment ago, takes nothing from the proof before it.
  ['proof', { newestGood: backup(1), oldestUnproven: backup(1) }, 'OK'],
  ['proof', { newestGood: backup(1), oldestUnproven: backup(49) }, 'WARNING'],
  ['proof', { newestGood: backup(1), oldestUnproven: backup(49), ...policy({ restore: 'daily' }) }, 'OK'],
  ['proof', { newestGood: backup(1), newestProven: proven(80), ...policy({ restore: 'daily' }) }, 'WARNING'],
  ['proof', { newestGood: backup(1), newestProven: proven(80), ...policy({ restore: 'weekly' }) }, 'OK'],
  [
    'proof',
    { newestGood: backup(1), newestProven: proven(220), ...policy({ restore: 'weekly' }) },
    'WARNING',
  ],
  ['proof', { newestGood: backup(1, { plainSizeBytes: 30e9 }), newestProven: proven(80) }, 'OK'],
  // A backup of long ago, proven again yesterday, is a proof of yesterday.
  ['proof', { newestGood: backup(1), newestProven: proven(80, 20), ...policy({ restore: 'daily' }) }, 'OK'],
  ['proof', { newestProven: null, oldestUnproven: backup(1) }, 'UNKNOWN'],
  ['proof', { newestProven: null, oldestUnproven: backup(49) }, 'WARNING'],
  ['proof', { newestProven: null, newestGood: null }, 'UNKNOWN'],
  ['proof', { newestProven: null, oldestUnproven: backup(1), ...policy({ restore: 'off' }) }, 'WARNING'],
  ['proof', { ...policy({ restore: 'off' }) }, 'OK'],
  ['proof', { newestProofFailed: backup(5, ended('FAILED', 'integrity')) }, 'CRITICAL'],
  ['proof', { newestProofFailed: backup(5), newestProven: null, newestGood: null }, 'CRITICAL'],
  // What failed before the newest proof is over.
  ['proof', { newestProofFailed: backup(50) }, 'OK'],
  [
    'proof',
    {
      newestProven: null,
      newestGood: backup(60, ended('UNKNOWN', 'tool_version')),
      oldestUnproven: backup(60),
    },
    'UNKNOWN',
  ],
] as const)('%s %j', (name, facts, expected) => {
  expect(state(name, facts)).toBe(expected);
});

test('whatever is not OK says what to do about it', () => {
  const bad = judge(config, {
    ...good,
    newestGood: null,
    newestProven: null,
    livingWorkers: 0,
    newestSettledDueAt: null,
  });
  for (const check of bad.filter((one) => one.state !== 'OK')) {
    expect(check.action?.href).toMatch(/^\//);
    expect(check.detail.endsWith('.')).toBe(true);
  }
});

test('encrypted backups without a key to open them: said, with the variable that helps, and UNKNOWN, never OK', () => {
  const facts = {
    newestProven: null,
    newestGood: backup(60, { isEncrypted: true }),
    oldestUnproven: backup(60),
  };
  expect(state('proof', facts)).toBe('UNKNOWN');
  const check = judge(config, { ...good, ...facts }).find(({ name }) => name === 'proof');
  expect(check?.detail).toContain('BACKUP_AGE_IDENTITY_FILE');
  expect(state('proof', facts, parseConfig({ BACKUP_AGE_IDENTITY_FILE: '/etc/key' }))).toBe('WARNING');
});

test('why a proof could not be had, or failed, is told in the words of the verification', () => {
  const detail = (facts: Partial<HealthFacts>): string | undefined =>
    judge(config, { ...good, ...facts }).find(({ name }) => name === 'proof')?.detail;
  expect(detail({ newestProofFailed: backup(5, ended('FAILED', 'integrity')) })).toContain('it went wrong');
  expect(
    detail({
      newestProven: null,
      newestGood: backup(60, ended('UNKNOWN', 'tool_version')),
      oldestUnproven: backup(60),
    }),
  ).toContain('it went wrong. Do this.');
});

test('a schedule that is off or never due is told', () => {
  expect(state('schedule', {}, parseConfig({ BACKUP_ENABLED: 'false' }))).toBe('WARNING');
  expect(state('schedule', {}, parseConfig({ BACKUP_SCHEDULE: '0 1 30 2 *' }))).toBe('CRITICAL');
});

test('a disabled source is told of, and is no fault while another is enabled', () => {
  const sources = (facts: Partial<HealthFacts>) =>
    judge(config, { ...good, ...facts }).find(({ name }) => name === 'sources');
  expect(sources({})).toBeUndefined();
  const one = sources({ disabledSources: ['shop'], enabledCount: 1 });
  expect(one).toMatchObject({ state: 'OK' });
  expect(one?.detail).toContain('shop');
  expect(sources({ disabledSources: ['shop'], enabledCount: 0 })?.state).toBe('UNKNOWN');
});

test('a schedule of a source’s own is corrected where it is set', () => {
  const never = parseConfig({ BACKUP_SCHEDULE: '0 1 30 2 *' });
  const schedule = (ownSchedulePage: string | null) =>
    judge(never, { ...good, ownSchedulePage }).find(({ name }) => name === 'schedule');
  expect(schedule(null)?.detail).toContain('BACKUP_SCHEDULE');
  expect(schedule('/sources/1')?.detail).not.toContain('BACKUP_SCHEDULE');
  expect(schedule('/sources/1')?.action?.href).toBe('/sources/1');
});

test('among several sources a check names its own and leads to its backups', () => {
  const source = { id: '00000000-0000-4000-8000-000000000002', name: 'shop' };
  const checks = judge(config, { ...good, newestGood: null, newestFailed: backup(1) }).map((check) =>
    ofSource(check, source),
  );
  for (const check of checks) expect(check.source).toEqual(source);
  const hrefs = checks.flatMap(({ action }) => action?.href ?? []);
  expect(hrefs).toContain(`/settings/backup?source=${source.id}`);
  expect(hrefs).toContain(`/settings/backup?status=FAILED&source=${source.id}`);
});

test('spans are told roughly', () => {
  expect([20_000, 60_000, 90 * 60_000, 9 * 3_600_000, 96 * 3_600_000].map(roughly)).toEqual([
    'less than a minute',
    '1 minute',
    '90 minutes',
    '9 hours',
    '4 days',
  ]);
});
