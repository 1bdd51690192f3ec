import { describe, expect, it } from 'vitest';
import type { Drill } from '#lib/contracts/drill.ts';
import { drillVerdict, objectivesOf } from '#lib/client/drill-words.ts';

const passed: Drill = {
  id: '00000000-0000-4000-8000-00000000000d',
  source: { id: '00000000-0000-4000-8000-000000000001', name: 'ims_db' },
  cause: 'manual',
  dueAt: null,
  requestedBy: 'admin@example.test',
  note: null,
  createdAt: '2026-03-01T03:00:00.000Z',
  startedAt: '2026-03-01T03:00:01.000Z',
  finishedAt: '2026-03-01T03:04:01.000Z',
  objectives: { rtoMinutes: 60, rpoHours: 24 },
  measured: { waitedMs: 1_000, recoveryMs: 240_000, restoreMs: 180_000, dataLossMs: 3 * 3_600_000 },
  verdicts: { proof: 'PASSED', rto: 'PASSED', rpo: 'PASSED' },
  backup: {
    id: '00000000-0000-4000-8000-00000000000b',
    filename: 'ims_2026-03-01_00-00.dump.zst',
    takenAt: '2026-03-01T00:00:00.000Z',
    destination: 'local',
    stored: null,
  },
  place: 'ephemeral',
  steps: [],
  checks: { passed: 12, failed: 0, unknown: 0 },
  error: null,
  status: 'PASSED',
  verificationId: null,
  progress: null,
  report: null,
};

describe('what a drill says first', () => {
  it('tells how long it took of what is allowed, and what would have been lost', () => {
    const { state, sentence, lines } = drillVerdict(passed);
    expect({ state, sentence }).toEqual({
      state: 'OK',
      sentence: 'Coming back took 4 minutes; the objective is 1 hour.',
    });
    expect(lines[0]).toContain('would have cost 3 hours of data; the objective is at most 24 hours');
  });

  it('names every objective that was missed, and none that was met', () => {
    const late = {
      ...passed,
      status: 'FAILED' as const,
      measured: { ...passed.measured, recoveryMs: 2 * 3_600_000, dataLossMs: 30 * 3_600_000 },
    };
    expect(
      drillVerdict({ ...late, verdicts: { proof: 'PASSED', rto: 'FAILED', rpo: 'PASSED' } }),
    ).toMatchObject({
      state: 'CRITICAL',
      sentence: 'Coming back took 2 hours; the objective is 1 hour.',
      lines: [],
    });
    expect(
      drillVerdict({ ...late, verdicts: { proof: 'FAILED', rto: 'PASSED', rpo: 'FAILED' } }),
    ).toMatchObject({
      sentence: 'The backup did not come back whole.',
      lines: ['30 hours of data would have been lost; the objective is at most 24 hours.'],
    });
  });

  it('says that there was nothing to come back to', () => {
    const verdicts = { proof: 'UNKNOWN', rto: 'UNKNOWN', rpo: 'FAILED' } as const;
    expect(drillVerdict({ ...passed, status: 'FAILED', backup: null, verdicts }).sentence).toBe(
      'There is no backup to come back to.',
    );
  });

  it('never sounds well where it did not come to its end', () => {
    const { state, sentence } = drillVerdict({ ...passed, status: 'UNKNOWN' });
    expect(state).toBe('WARNING');
    expect(sentence).toContain('shows nothing');
  });
});

describe('the objectives', () => {
  it('are three questions with what was wanted and found', () => {
    expect(
      objectivesOf(passed).map(({ key, wanted, found, verdict }) => [key, wanted, found, verdict]),
    ).toEqual([
      ['proof', 'every fact of the manifest', '12 of 12 checks passed', 'PASSED'],
      ['rto', 'within 1 hour', '4 min 00 s', 'PASSED'],
      ['rpo', 'at most 24 hours', '3 hours', 'PASSED'],
    ]);
  });

  it('say what is not known, and count what failed', () => {
    const found = objectivesOf({
      ...passed,
      measured: { waitedMs: null, recoveryMs: null, restoreMs: null, dataLossMs: null },
      checks: { passed: 10, failed: 2, unknown: 1 },
    }).map((objective) => objective.found);
    expect(found).toEqual(['10 of 13 checks passed, 2 failed, 1 unknown', 'not known', 'not known']);
  });

  it('are none while it runs', () => {
    expect(objectivesOf({ ...passed, status: 'IN_PROGRESS', verdicts: null })).toEqual([]);
  });
});
