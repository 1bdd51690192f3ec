import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GET as overview } from '#app/api/v1/overview/route.ts';
import { GET as read } from '#app/api/v1/runbook/route.ts';
import { POST as start } from '#app/api/v1/runbook/incidents/route.ts';
import { POST as finish } from '#app/api/v1/runbook/incidents/[id]/finish/route.ts';
import { POST as tick } from '#app/api/v1/runbook/incidents/[id]/ticks/route.ts';
import { Overview } from '#lib/contracts/overview.ts';
import {
  DEFAULT_RUNBOOK_SETTINGS,
  Incident,
  RunbookResponse,
  RunbookSettings,
} from '#lib/contracts/runbook.ts';
import { DEFAULT_SETTINGS } from '#lib/contracts/settings.ts';
import { saveSettings } from '#lib/services/settings.ts';
import { addBackup, addCopy, CLI, problemOf, startApi, type TestApi } from '#tests/support/api.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.catalogue.raw`truncate backups, incidents cascade`;
  await saveSettings(api.backend, CLI, DEFAULT_SETTINGS);
});

type As = { readonly as?: 'admin' | 'viewer' | null };
const runbook = async (options: As = {}) => {
  const response = await api.call(read, 'GET', '/x', options);
  expect(response.status).toBe(200);
  return RunbookResponse.strict().parse(await response.json());
};
const begin = (scenario: string, options: As = {}) =>
  api.call(start, 'POST', '/x', { json: { scenario }, ...options });
const begun = async (scenario: string): Promise<Incident> =>
  Incident.strict().parse(await (await begin(scenario)).json());
const set = (id: string, stepId: string, isDone = true, options: As = {}) =>
  api.call(tick, 'POST', '/x', { params: { id }, json: { stepId, isDone }, ...options });
const end = (id: string, options: As = {}) => api.call(finish, 'POST', '/x', { params: { id }, ...options });
const actions = async (id: string): Promise<(readonly string[])[]> => {
  const rows = await api.catalogue.raw<
    { action: string; by: string }[]
  >`select action, actor_name as by from audit_entries where subject_id = ${id} order by id`;
  return rows.map(({ action, by }) => [action, by]);
};

describe('the runbook', () => {
  test('is read by every signed-in person and by nobody else, and holds no secret', async () => {
    expect((await api.call(read, 'GET', '/x', { as: null })).status).toBe(401);
    for (const as of ['admin', 'viewer'] as const) {
      const answer = await runbook({ as });
      expect(answer).toMatchObject({
        source: { database: 'ims_db' },
        localPath: api.folder,
        rtoMinutes: 60,
        settings: DEFAULT_RUNBOOK_SETTINGS,
        backup: null,
        incidents: [],
      });
      expect(JSON.stringify(answer)).not.toMatch(/password|secret/i);
    }
  });

  test('speaks of the newest proven backup, and of where its copies lie', async () => {
    const good = await addBackup(api, { ageHours: 1, filename: 'newer.dump.zst' });
    await addCopy(api, good, { destination: 'local', key: 'newer.dump.zst' });
    expect((await runbook()).backup).toMatchObject({ isProven: false, row: { filename: 'newer.dump.zst' } });
    const proven = await addBackup(api, { ageHours: 5, filename: 'older.dump.zst' });
    await addCopy(api, proven, { destination: 'local', key: 'older.dump.zst', status: 'REMOVED' });
    await addCopy(api, proven, { destination: 's3', key: 'backups/daily/older.dump.zst' });
    await api.catalogue
      .raw`update backups set proof = 'PROVEN', proven_at = now(), recovery_ms = 120000 where id = ${proven}`;
    expect((await runbook()).backup).toMatchObject({
      isProven: true,
      localKey: null,
      s3Key: 'backups/daily/older.dump.zst',
      row: { filename: 'older.dump.zst', proof: { recoveryMs: 120_000 } },
    });
  });
});

describe('an incident', () => {
  test('keeps who did what when, is seen by others, and survives a reload', async () => {
    const made = await begun('database-loss');
    expect(made).toMatchObject({
      scenario: 'database-loss',
      startedBy: 'admin token',
      ticks: [],
      finishedAt: null,
    });
    expect((await set(made.id, 'stop-services', true, { as: 'viewer' })).status).toBe(200);
    expect((await set(made.id, 'migrate')).status).toBe(200);
    const seen = (await runbook({ as: 'viewer' })).incidents[0];
    expect(seen?.ticks.map(({ stepId, by }) => [stepId, by])).toEqual([
      ['stop-services', 'viewer token'],
      ['migrate', 'admin token'],
    ]);
    // The first one's name and instant stay, and nothing is noted twice.
    await set(made.id, 'stop-services');
    expect((await runbook()).incidents[0]?.ticks[0]).toEqual(seen?.ticks[0]);
    await set(made.id, 'migrate', false);
    await set(made.id, 'migrate', false);
    const finished = Incident.parse(await (await end(made.id)).json());
    expect(finished).toMatchObject({ finishedBy: 'admin token' });
    expect(finished.ticks).toHaveLength(1);
    expect(await actions(made.id)).toEqual([
      ['incident.start', 'admin token'],
      ['incident.tick', 'viewer token'],
      ['incident.tick', 'admin token'],
      ['incident.untick', 'admin token'],
      ['incident.finish', 'admin token'],
    ]);
  });

  test('of one scenario is worked through once at a time, however many begin at once', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => begin('redis-failure')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(await problemOf(answers.find(({ status }) => status === 409)!)).toMatchObject({ code: 'locked' });
    expect((await begin('storage-full')).status).toBe(201);
    const [open] = (await runbook()).incidents.filter(({ scenario }) => scenario === 'redis-failure');
    await end(open?.id ?? '');
    expect((await begin('redis-failure')).status).toBe(201);
  });

  test('refuses what it does not know, and stays as it is once finished', async () => {
    const made = await begun('redis-failure');
    expect(await problemOf(await set(made.id, 'migrate'))).toMatchObject({ status: 422, code: 'invalid' });
    expect((await begin('flood')).status).toBe(422);
    expect((await set(NOBODY, 'restart')).status).toBe(404);
    expect((await end(NOBODY)).status).toBe(404);
    await set(made.id, 'restart');
    await end(made.id);
    expect(await problemOf(await set(made.id, 'restart', false))).toMatchObject({ code: 'conflict' });
    expect(await problemOf(await end(made.id))).toMatchObject({ code: 'conflict' });
    expect((await runbook()).incidents[0]?.ticks).toHaveLength(1);
    expect((await begin('redis-failure', { as: null })).status).toBe(401);
    expect((await set(made.id, 'restart', true, { as: null })).status).toBe(401);
  });

  test('that is open comes before finished ones', async () => {
    const first = await begun('ransomware');
    const second = await begun('storage-full');
    await end(second.id);
    expect((await runbook()).incidents.map(({ id }) => id)).toEqual([first.id, second.id]);
  });
});

describe('the settings of the runbook', () => {
  const changed: RunbookSettings = {
    ...DEFAULT_RUNBOOK_SETTINGS,
    commands: { ...DEFAULT_RUNBOOK_SETTINGS.commands, stopServices: 'systemctl stop ims-api' },
    escalation: [{ afterMinutes: 15, whom: 'Head of operations, +00 1' }],
    communication: [{ afterMinutes: 0, audience: 'Team', message: 'We are looking.' }],
    review: { lastReviewedOn: '2026-01-31', reviewedBy: 'operations' },
  };

  test('are shown to all, and their change is audited with who reviewed it and when', async () => {
    await saveSettings(api.backend, CLI, { ...DEFAULT_SETTINGS, runbook: changed });
    expect((await runbook({ as: 'viewer' })).settings).toEqual(changed);
    const [entry] = await api.catalogue
      .raw`select details from audit_entries where action = 'settings.change' order by id desc limit 1`;
    expect(entry?.['details']).toMatchObject({
      runbookReviewedOn: '2026-01-31',
      runbookReviewedBy: 'operations',
    });
  });

  test('take a row that an older version wrote', async () => {
    const older = Object.fromEntries(Object.entries(DEFAULT_SETTINGS).filter(([name]) => name !== 'runbook'));
    await api.catalogue
      .raw`update settings set value = ${api.catalogue.raw.json({ ...older, rpoHours: 12 })}`;
    expect(await runbook()).toMatchObject({ rpoHours: 12, settings: DEFAULT_RUNBOOK_SETTINGS });
  });

  test('an overdue review shows in the runbook and as a warning of the overview', async () => {
    const check = async () =>
      Overview.parse(await (await api.call(overview, 'GET', '/x')).json()).checks.find(
        ({ name }) => name === 'runbook',
      );
    expect((await runbook()).review.isOverdue).toBe(false);
    expect(await check()).toMatchObject({ state: 'OK' });
    await saveSettings(api.backend, CLI, {
      ...DEFAULT_SETTINGS,
      runbook: { ...changed, review: { lastReviewedOn: '2020-01-31', reviewedBy: '' } },
    });
    expect((await runbook()).review).toEqual({ dueOn: '2020-05-02', isOverdue: true });
    expect(await check()).toMatchObject({ state: 'WARNING', action: { href: '/runbook' } });
    // Never reviewed: the quarter began when the first person was added.
    await saveSettings(api.backend, CLI, DEFAULT_SETTINGS);
    await api.catalogue.raw`update users set created_at = now() - interval '93 days'`;
    expect(await check()).toMatchObject({ state: 'WARNING' });
    await api.catalogue.raw`update users set created_at = now()`;
  });

  test('refuse two lines where one is asked for, and dates that are none', () => {
    const refuses = (settings: object) => RunbookSettings.safeParse({ ...changed, ...settings }).success;
    expect(refuses({})).toBe(true);
    expect(refuses({ commands: { ...changed.commands, migrate: 'a\nb' } })).toBe(false);
    expect(refuses({ review: { lastReviewedOn: '31.1.2026', reviewedBy: '' } })).toBe(false);
    expect(refuses({ escalation: [{ afterMinutes: -1, whom: 'x' }] })).toBe(false);
  });
});
