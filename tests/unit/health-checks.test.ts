import { expect, test } from 'vitest';
import { parseConfig } from '#lib/platform/config.ts';
import { judge, roughly, type HealthFacts } from '#lib/services/health-checks.ts';
import type { BackupRecord } from '#db/queries/backup.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const config = parseConfig({ BACKUP_TIMEZONE: 'UTC' });
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);
const backup = (hours: number, more: Partial<BackupRecord> = {}): BackupRecord =>
  ({ createdAt: ago(hours), errorCode: null, errorMessage: null, errorHint: null, ...more }) as BackupRecord;
const good: HealthFacts = {
  now: NOW,
  rpoHours: 24,
  livingWorkers: 1,
  newestGood: backup(11),
  newestFailed: null,
  newestCancelled: null,
  newestSettledDueAt: new Date('2026-11-21T01:00:00Z'),
};
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
] as const)('%s', (name, facts, expected) => {
  expect(state(name, facts)).toBe(expected);
});

test('whatever is not OK says what to do about it', () => {
  const bad = judge(config, { ...good, newestGood: null, livingWorkers: 0, newestSettledDueAt: null });
  for (const check of bad.filter((one) => one.state !== 'OK')) {
    expect(check.action?.href).toMatch(/^\//);
    expect(check.detail.endsWith('.')).toBe(true);
  }
});

test('a schedule that is off or never due is told', () => {
  expect(state('schedule', {}, parseConfig({ BACKUP_ENABLED: 'false' }))).toBe('WARNING');
  expect(state('schedule', {}, parseConfig({ BACKUP_SCHEDULE: '0 1 30 2 *' }))).toBe('CRITICAL');
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
