import { describe, expect, test } from 'vitest';
import type { BackupRow, Proof } from '#lib/contracts/backup.ts';
import type { HealthCheck, Overview, OverviewSource } from '#lib/contracts/overview.ts';
import { verdictOf } from '#lib/client/verdict.ts';

const never: Proof = {
  state: 'NEVER',
  provenAt: null,
  bytesFineAt: null,
  failedAt: null,
  recoveryMs: null,
  lastVerificationId: null,
  lastStatus: null,
  lastError: null,
};
const row = (digit: number, proof: Partial<Proof> = {}): BackupRow =>
  ({ id: `00000000-0000-4000-8000-00000000000${String(digit)}`, proof: { ...never, ...proof } }) as BackupRow;
const proven = row(1, { state: 'PROVEN', recoveryMs: 243_000 });
const newer = row(2);
const check = (state: HealthCheck['state']): HealthCheck => ({
  name: 'x',
  state,
  detail: 'd',
  source: null,
  action: null,
});
const source = (name: string, state: OverviewSource['state'] = 'OK'): OverviewSource => ({
  id: name,
  name,
  kind: 'postgres',
  state,
  newestGood: proven,
  newestGoodAgeSeconds: 9 * 3600,
  newestProven: proven,
  newestProvenAgeSeconds: 9 * 3600,
  nextScheduled: null,
});
const overview = (more: Partial<Overview>): Overview => ({
  source: { id: 'ims', name: 'ims' },
  sources: [source('ims')],
  newestGood: proven,
  newestGoodAgeSeconds: 9 * 3600,
  newestProven: proven,
  newestProvenAgeSeconds: 9 * 3600,
  verifying: null,
  running: [],
  checks: [check('OK')],
  summary: { totalBackups: 1, totalSize: 1, lastSuccessful: null, lastFailed: null, nextScheduled: null },
  rpoHours: 24,
  rtoMinutes: 60,
  recent: [],
  ...more,
});
const unproven = (row: BackupRow, more: Partial<Overview> = {}) =>
  overview({ newestGood: row, newestProven: null, newestProvenAgeSeconds: null, ...more });

describe('verdictOf', () => {
  test('names the newest proven restore point, its age and what restoring it takes', () => {
    const verdict = verdictOf(overview({}));
    expect(verdict).toMatchObject({ state: 'OK', lead: null, newer: null, isNextWithPerson: false });
    expect(verdict.proven).toEqual({
      row: proven,
      lead: 'Last proven restore point:',
      tail: '9 hours ago. Restoring it takes about 4 minutes.',
    });
  });

  test('does not say how long a restore takes where none was measured', () => {
    const unmeasured = row(1, { state: 'PROVEN' });
    expect(verdictOf(overview({ newestGood: unmeasured, newestProven: unmeasured })).proven?.tail).toBe(
      '9 hours ago.',
    );
  });

  test('tells of a newer backup that is not proven yet, and what would be lost either way', () => {
    const verdict = verdictOf(overview({ newestGood: newer, newestGoodAgeSeconds: 3 * 3600 }));
    expect(verdict.proven?.row).toBe(proven);
    expect(verdict.newer?.row).toBe(newer);
    expect(verdict.newer?.tail).toMatch(/^3 hours ago, is not proven yet/);
    expect(verdict.isNextWithPerson).toBe(true);
    expect(verdict.consequence).toContain('the last 9 hours of changes');
    expect(verdict.consequence).toContain('only the last 3 hours of changes if the newer backup');
  });

  test('says that the newer one is being verified, by the row or by the running verification', () => {
    const running = { id: 'v', backupId: newer.id, depth: 'restore' as const };
    for (const more of [
      { newestGood: newer, verifying: running },
      { newestGood: row(2, { lastStatus: 'IN_PROGRESS' }) },
    ]) {
      const verdict = verdictOf(overview({ ...more, newestGoodAgeSeconds: 3600 }));
      expect(verdict.newer?.tail).toContain('is being verified now');
      expect(verdict.isNextWithPerson).toBe(false);
    }
    const elsewhere = { ...running, backupId: proven.id };
    expect(verdictOf(overview({ newestGood: newer, verifying: elsewhere })).newer?.tail).not.toContain(
      'being verified',
    );
  });

  test('is never green while nothing is proven, and says why it could not be', () => {
    expect(verdictOf(unproven(newer))).toMatchObject({
      state: 'UNKNOWN',
      lead: 'No restore point is proven yet.',
      proven: null,
    });
    const closed = row(2, {
      lastStatus: 'UNKNOWN',
      lastError: { code: 'wrong_key', message: 'no identity file', hint: 'Set one.' },
    });
    expect(verdictOf(unproven(closed)).newer?.tail).toBe(
      '9 hours ago, could not be proven: no identity file. Set one.',
    );
    expect(verdictOf(unproven(newer)).consequence).toContain('provided that backup can be restored');
  });

  test('is not certain once the proven one is older than the objective, even if a newer one exists', () => {
    const old = { newestProvenAgeSeconds: 40 * 3600, newestGood: newer, newestGoodAgeSeconds: 3600 };
    expect(verdictOf(overview(old)).state).toBe('UNKNOWN');
    expect(verdictOf(overview({ ...old, newestProvenAgeSeconds: 23 * 3600 })).state).toBe('OK');
  });

  test('tells a newer backup within the objective from one that is proven, and when proofs come too rarely', () => {
    const weekly = {
      newestGood: newer,
      newestGoodAgeSeconds: 3 * 3600,
      newestProvenAgeSeconds: 3 * 86_400,
    };
    const verdict = verdictOf(overview(weekly));
    expect(verdict).toMatchObject({ state: 'UNKNOWN', isProvenTooRarely: true });
    expect(verdict.consequence).toBe(
      'If the database were lost now and the newer backup can be restored, the last 3 hours of changes would go with it: within the 24 hours your recovery point objective allows, but not proven. With the proven one, the last 3 days of changes would go.',
    );
    // Proofs that come often enough, one on its way, a fault elsewhere, a late backup: more proofs are not the remedy.
    const others: readonly Partial<Overview>[] = [
      { ...weekly, newestProvenAgeSeconds: 23 * 3600 },
      { ...weekly, verifying: { id: 'v', backupId: newer.id, depth: 'restore' } },
      { ...weekly, checks: [check('WARNING')] },
      { ...weekly, newestGoodAgeSeconds: 30 * 3600 },
    ];
    for (const other of others) expect(verdictOf(overview(other)).isProvenTooRarely).toBe(false);
    expect(verdictOf(overview(others[3]!)).consequence).toMatch(/more than the 24 hours/);
  });

  test('takes the worst state of the checks, unknown included', () => {
    expect(verdictOf(overview({ checks: [check('OK'), check('UNKNOWN')] })).state).toBe('UNKNOWN');
    expect(verdictOf(overview({ checks: [check('UNKNOWN'), check('WARNING')] })).state).toBe('WARNING');
    expect(verdictOf(overview({ checks: [check('WARNING'), check('CRITICAL')] })).state).toBe('CRITICAL');
    expect(verdictOf(unproven(newer, { checks: [check('WARNING')] })).state).toBe('WARNING');
  });

  test('is never green past the recovery point objective, whatever the checks say', () => {
    const late = verdictOf(overview({ newestGoodAgeSeconds: 25 * 3600, newestProvenAgeSeconds: 25 * 3600 }));
    expect(late.state).toBe('WARNING');
    expect(late.consequence).toContain('more than the 24 hours');
  });

  test('is critical without any restore point', () => {
    const none = unproven(newer, { newestGood: null, newestGoodAgeSeconds: null });
    expect(verdictOf(none)).toMatchObject({
      state: 'CRITICAL',
      lead: 'There is no restore point yet.',
      newer: null,
      consequence: 'If the database were lost now, nothing could be brought back.',
    });
  });

  test('does not say “yet” where what is stored failed its proof', () => {
    const failed = (sourceId: string): BackupRow => ({
      ...row(3, { state: 'FAILED' }),
      sourceId,
      status: 'COMPLETED',
    });
    const lead = (of: string) =>
      verdictOf(unproven(newer, { newestGood: null, newestGoodAgeSeconds: null, recent: [failed(of)] })).lead;
    expect(lead('ims')).toBe(
      'There is no restore point to count on: what is stored failed its verification.',
    );
    expect(lead('another')).toBe('There is no restore point yet.');
  });

  test('of several sources the worst off decides, and is named', () => {
    const shop = {
      source: { id: 'shop', name: 'shop' },
      newestGood: null,
      newestGoodAgeSeconds: null,
      newestProven: null,
      newestProvenAgeSeconds: null,
    };
    const verdict = verdictOf(overview({ ...shop, sources: [source('ims'), source('shop', 'CRITICAL')] }));
    expect(verdict).toMatchObject({
      state: 'CRITICAL',
      sources: '1 of 2 sources needs attention: shop.',
      lead: 'There is no restore point of shop yet.',
    });
    expect(verdict.consequence).toContain('If shop were lost now');
    const two = [source('ims', 'WARNING'), source('shop', 'CRITICAL'), source('old', null)];
    expect(verdictOf(overview({ ...shop, sources: two })).sources).toBe(
      '2 of 2 sources need attention, shop first. 1 more is disabled and not judged.',
    );
  });

  test('several sources that are all proven: said of all of them, and green', () => {
    const verdict = verdictOf(overview({ sources: [source('ims'), source('shop')] }));
    expect(verdict.state).toBe('OK');
    expect(verdict.sources).toBe('Every one of 2 sources has a proven restore point.');
    expect(verdict.proven?.lead).toBe('Last proven restore point of ims:');
  });

  test('a source that is asked for speaks of itself; a disabled one is never green', () => {
    const two = [source('ims'), source('shop', 'CRITICAL')];
    expect(verdictOf(overview({ sources: two }), true)).toMatchObject({ state: 'OK', sources: null });
    const off = verdictOf(overview({ sources: [source('ims', null), source('shop')] }), true);
    expect(off.state).toBe('UNKNOWN');
    expect(off.sources).toContain('disabled');
    expect(verdictOf(overview({ sources: [source('ims', null), source('shop', null)] })).state).toBe(
      'UNKNOWN',
    );
  });
});
