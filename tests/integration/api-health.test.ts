import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GET as live } from '#app/api/health/live/route.ts';
import { GET as ready } from '#app/api/health/ready/route.ts';
import { GET as overview } from '#app/api/v1/overview/route.ts';
import { Overview } from '#lib/contracts/overview.ts';
import { addBackup, startApi, type TestApi } from '#tests/support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const readiness = async () => {
  const response = await api.call(ready, 'GET', '/api/health/ready', { as: null });
  return { status: response.status, body: (await response.json()) as unknown };
};

test('ready says which of database and worker is missing', async () => {
  expect(await readiness()).toEqual({
    status: 503,
    body: { status: 'not-ready', database: 'ok', worker: 'absent' },
  });
  await api.catalogue
    .raw`insert into workers (id, hostname, pid, version) values (${randomUUID()}, 'test', 1, '0')`;
  expect(await readiness()).toEqual({ status: 200, body: { status: 'ready', database: 'ok', worker: 'ok' } });
  await api.catalogue.raw`update workers set heartbeat_at = now() - interval '1 hour'`;
  expect((await readiness()).status).toBe(503);
  await api.server.stop('SIGQUIT');
  expect(await readiness()).toEqual({
    status: 503,
    body: { status: 'not-ready', database: 'down', worker: 'unknown' },
  });
  await api.server.start();
  expect(await readiness()).toMatchObject({ body: { database: 'ok' } });
  expect(live().status).toBe(200);
});

test('the overview of an empty installation is honest, and a viewer may see it', async () => {
  const response = await api.call(overview, 'GET', '/x', { as: 'viewer' });
  const answer = Overview.parse(await response.json());
  expect(answer).toMatchObject({ newestGood: null, newestGoodAgeSeconds: null, running: [], rpoHours: 24 });
  expect(answer.checks.find(({ name }) => name === 'recovery-point')?.state).toBe('CRITICAL');
  expect(answer.checks.find(({ name }) => name === 'overdue')?.state).toBe('UNKNOWN');
});

test('the overview shows the newest good backup and its age, what runs, and what failed', async () => {
  const good = await addBackup(api, { ageHours: 9 });
  await addBackup(api, { ageHours: 33 });
  const failed = await addBackup(api, { ageHours: 1, status: 'FAILED' });
  const running = await addBackup(api, { status: 'IN_PROGRESS' });
  await api.catalogue.raw`insert into slots (plan, due_at) values ('database 0 1 * * *', now())`;
  const answer = Overview.parse(await (await api.call(overview, 'GET', '/x')).json());
  expect(answer.newestGood?.id).toBe(good);
  expect(answer.newestGoodAgeSeconds).toBeGreaterThan(9 * 3600 - 5);
  expect(answer.newestGoodAgeSeconds).toBeLessThan(9 * 3600 + 60);
  expect(answer.running.map(({ id }) => id)).toEqual([running]);
  expect(answer.recent.map(({ id }) => id).slice(0, 2)).toEqual([running, failed]);
  const states = Object.fromEntries(answer.checks.map(({ name, state }) => [name, state]));
  expect(states).toMatchObject({
    'recovery-point': 'OK',
    'last-run': 'WARNING',
    overdue: 'OK',
    worker: 'CRITICAL',
  });
});
