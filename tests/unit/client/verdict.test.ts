import { describe, expect, test } from 'vitest';
import type { BackupRow } from '#lib/contracts/backup.ts';
import type { HealthCheck, Overview } from '#lib/contracts/overview.ts';
import { verdictOf } from '#lib/client/verdict.ts';

const row = { id: '00000000-0000-4000-8000-000000000000' } as BackupRow;
const check = (state: HealthCheck['state']): HealthCheck => ({ name: 'x', state, detail: 'd', action: null });
const overview = (more: Partial<Overview>): Overview => ({
  newestGood: row,
  newestGoodAgeSeconds: 9 * 3600,
  running: [],
  checks: [check('OK')],
  summary: { totalBackups: 1, totalSize: 1, lastSuccessful: null, lastFailed: null, nextScheduled: null },
  rpoHours: 24,
  rtoMinutes: 60,
  recent: [],
  ...more,
});

describe('verdictOf', () => {
  test('is green only when nothing is wrong and the age is within the objective', () => {
    expect(verdictOf(overview({}))).toMatchObject({ state: 'OK', tail: '9 hours ago.' });
  });

  test('takes the worst state of the checks, unknown included', () => {
    expect(verdictOf(overview({ checks: [check('OK'), check('UNKNOWN')] })).state).toBe('UNKNOWN');
    expect(verdictOf(overview({ checks: [check('UNKNOWN'), check('WARNING')] })).state).toBe('WARNING');
    expect(verdictOf(overview({ checks: [check('WARNING'), check('CRITICAL')] })).state).toBe('CRITICAL');
  });

  test('is never green past the recovery point objective, whatever the checks say', () => {
    const late = verdictOf(overview({ newestGoodAgeSeconds: 25 * 3600 }));
    expect(late.state).toBe('WARNING');
    expect(late.consequence).toContain('more than the 24 hours');
  });

  test('is critical without any restore point', () => {
    expect(verdictOf(overview({ newestGood: null, newestGoodAgeSeconds: null })).state).toBe('CRITICAL');
  });
});
