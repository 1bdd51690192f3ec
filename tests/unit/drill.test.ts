import { expect, test } from 'vitest';
import { drillDates, judgeDrill, type DrillFacts } from '#lib/core/drill.ts';
import { Secret } from '#lib/core/secret.ts';
import { sealPassword, sealReportKey, unsealReportKey } from '#lib/platform/seal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const passed = { status: 'PASSED', isProven: true, durationMs: 4 * MINUTE, error: null } as const;
const good: DrillFacts = {
  objectives: { rtoMinutes: 60, rpoHours: 24 },
  verification: passed,
  dataLossMs: 3 * HOUR,
};
const judge = (facts: Partial<DrillFacts>) => judgeDrill({ ...good, ...facts });
const failed = (
  status: 'FAILED' | 'UNKNOWN',
  code: 'integrity' | 'cancelled' | 'timeout',
  durationMs = MINUTE,
) => ({
  status,
  isProven: false,
  durationMs,
  error: { code, message: `it was ${code}`, hint: 'Do this.' },
});

test('a proven copy within both objectives passes, to the millisecond', () => {
  expect(judge({})).toEqual({
    status: 'PASSED',
    verdicts: { proof: 'PASSED', rto: 'PASSED', rpo: 'PASSED' },
    recoveryMs: 4 * MINUTE,
    error: null,
  });
  expect(judge({ verification: { ...passed, durationMs: HOUR }, dataLossMs: 24 * HOUR }).status).toBe(
    'PASSED',
  );
  expect(judge({ verification: { ...passed, durationMs: HOUR + 1 } }).verdicts.rto).toBe('FAILED');
  expect(judge({ dataLossMs: 24 * HOUR + 1 }).verdicts.rpo).toBe('FAILED');
});

test('a missed objective fails, named with what was measured', () => {
  const slow = judge({ verification: { ...passed, durationMs: 2 * HOUR } });
  expect(slow).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'PASSED', rto: 'FAILED', rpo: 'PASSED' },
    error: {
      code: 'objective_missed',
      message: expect.stringContaining('the objective is 60 minutes') as string,
    },
  });
  const old = judge({
    objectives: { rtoMinutes: 1, rpoHours: 1 },
    verification: { ...passed, durationMs: 1 },
  });
  expect(old).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'PASSED', rto: 'PASSED', rpo: 'FAILED' },
    error: {
      code: 'objective_missed',
      message: expect.stringContaining('the objective is 1 hour') as string,
    },
  });
});

test('a damaged copy fails with the error of its verification, and was never back', () => {
  expect(judge({ verification: failed('FAILED', 'integrity') })).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'FAILED', rto: 'UNKNOWN', rpo: 'PASSED' },
    recoveryMs: null,
    error: { code: 'integrity', message: 'it was integrity', hint: 'Do this.' },
  });
  // Both are told; what to do is what the damage asks for.
  expect(judge({ verification: failed('FAILED', 'integrity'), dataLossMs: 30 * HOUR }).error).toMatchObject({
    code: 'integrity',
    message: expect.stringMatching(/^it was integrity; .* would be lost/) as string,
  });
});

test('no backup to come back to fails everything', () => {
  expect(judge({ verification: null, dataLossMs: null })).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'FAILED', rto: 'FAILED', rpo: 'FAILED' },
    error: { code: 'not_found' },
  });
});

test('what did not run is UNKNOWN, and what is known to be missed stays FAILED', () => {
  expect(judge({ verification: failed('UNKNOWN', 'cancelled') })).toMatchObject({
    status: 'UNKNOWN',
    verdicts: { proof: 'UNKNOWN', rto: 'UNKNOWN', rpo: 'PASSED' },
    error: { code: 'cancelled' },
  });
  expect(judge({ verification: failed('UNKNOWN', 'cancelled'), dataLossMs: 25 * HOUR })).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'UNKNOWN', rpo: 'FAILED' },
    error: { code: 'objective_missed' },
  });
  expect(judge({ verification: failed('UNKNOWN', 'timeout', 2 * HOUR) }).verdicts.rto).toBe('FAILED');
  expect(judge({ verification: failed('UNKNOWN', 'timeout', 30 * MINUTE) }).verdicts.rto).toBe('UNKNOWN');
  // Cancelled after long: how long it would have taken is not known.
  expect(judge({ verification: failed('UNKNOWN', 'cancelled', 2 * HOUR) }).verdicts.rto).toBe('UNKNOWN');
  expect(judge({ verification: { ...passed, isProven: false } }).status).toBe('UNKNOWN');
  expect(judge({ verification: { ...passed, durationMs: null } }).verdicts.rto).toBe('UNKNOWN');
});

test('a backup from the future is a wrong clock, not a fresh backup', () => {
  expect(judge({ dataLossMs: -2 * MINUTE }).verdicts.rpo).toBe('PASSED');
  expect(judge({ dataLossMs: -2 * HOUR })).toMatchObject({
    status: 'UNKNOWN',
    verdicts: { rpo: 'UNKNOWN' },
    error: { message: expect.stringContaining('in the future') as string },
  });
});

const at = (text: string): Date => new Date(text);
const dates = (
  schedule: 'never' | 'monthly' | 'quarterly',
  now: string,
  answered: string | null = null,
  since = '2026-11-20T12:00:00Z',
) =>
  drillDates(schedule, 'Europe/Berlin', {
    now: at(now),
    since: at(since),
    answeredAt: answered === null ? null : at(answered),
  });

test('due at 03:00 of the first of the month, or of the quarter, where the schedule is', () => {
  expect(dates('monthly', '2026-12-01T01:59:59Z')).toEqual({
    dueAt: null,
    nextDueAt: at('2026-12-01T02:00:00Z'),
  });
  expect(dates('monthly', '2026-12-01T02:00:00Z')).toEqual({
    dueAt: at('2026-12-01T02:00:00Z'),
    nextDueAt: at('2027-01-01T02:00:00Z'),
  });
  expect(dates('quarterly', '2026-12-31T12:00:00Z')).toEqual({
    dueAt: null,
    nextDueAt: at('2027-01-01T02:00:00Z'),
  });
  // Summer time.
  expect(dates('quarterly', '2027-04-02T00:00:00Z')).toEqual({
    dueAt: at('2027-04-01T01:00:00Z'),
    nextDueAt: at('2027-07-01T01:00:00Z'),
  });
  expect(dates('never', '2030-01-01T00:00:00Z')).toEqual({ dueAt: null, nextDueAt: null });
});

test('any drill with a verdict since then answers it; of several missed ones the newest is due', () => {
  expect(dates('monthly', '2027-03-15T00:00:00Z').dueAt).toEqual(at('2027-03-01T02:00:00Z'));
  expect(dates('monthly', '2027-03-15T00:00:00Z', '2027-02-27T00:00:00Z').dueAt).toEqual(
    at('2027-03-01T02:00:00Z'),
  );
  expect(dates('monthly', '2027-03-15T00:00:00Z', '2027-03-01T02:00:00Z').dueAt).toBeNull();
  // What was due before the source was added was not missed.
  expect(dates('quarterly', '2026-11-22T00:00:00Z').dueAt).toBeNull();
  expect(dates('quarterly', '2026-11-22T00:00:00Z', null, '2026-09-30T00:00:00Z').dueAt).toEqual(
    at('2026-10-01T01:00:00Z'),
  );
});

test('the key of reports opens with its own secret, row and purpose alone', () => {
  const master = new Secret('a secret of these tests, long enough');
  const privateKey = new Secret('private');
  const sealed = sealReportKey(master, 'row', privateKey);
  expect(unsealReportKey(master, 'row', sealed).reveal()).toBe('private');
  for (const act of [
    () => unsealReportKey(new Secret('another secret of these tests, long'), 'row', sealed),
    () => unsealReportKey(master, 'other', sealed),
    () => unsealReportKey(master, 'row', sealPassword(master, 'row', privateKey)),
    () => unsealReportKey(null, 'row', sealed),
  ])
    expect(act).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringContaining('the key that signs the reports of drills') as string,
      }) as Error,
    );
});
