import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { GET as history } from '#app/api/v1/admin/backup/history/route.ts';
import { DELETE as remove } from '#app/api/v1/admin/backup/[id]/route.ts';
import { POST as trigger } from '#app/api/v1/admin/backup/trigger/route.ts';
import { PUT as saveSettings } from '#app/api/v1/admin/settings/route.ts';
import { POST as createToken } from '#app/api/v1/admin/tokens/route.ts';
import { GET as overview } from '#app/api/v1/overview/route.ts';
import { Overview } from '#lib/contracts/overview.ts';
import { addBackup, problemOf, startApi, type TestApi } from '#tests/support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
afterEach(async () => {
  await api.catalogue.raw`truncate backup_copies, backups cascade`;
});

const look = async () =>
  Overview.parse(await (await api.call(overview, 'GET', '/x', { as: 'viewer' })).json());
const check = (from: Overview, name: string) => from.checks.find((one) => one.name === name)?.state;

test.each([
  ['chosen tables', { tables: ['items'], schema_only: false }],
  ['a schema without rows', { tables: null, schema_only: true }],
])(
  'a backup of %s is no restore point, and does not let the last whole one be deleted',
  async (_name, part) => {
    const whole = await addBackup(api, { ageHours: 60 });
    const partial = await addBackup(api, { ageHours: 30 });
    await api.catalogue.raw`update backups set ${api.catalogue.raw(part)} where id = ${partial}`;

    const seen = await look();
    expect(seen.newestGood?.id).toBe(whole);
    expect(seen.newestGoodAgeSeconds).toBeGreaterThan(59 * 3600);
    expect(check(seen, 'recovery-point')).toBe('CRITICAL');

    const refused = await api.call(remove, 'DELETE', '/x', { params: { id: whole } });
    expect(await problemOf(refused)).toMatchObject({ status: 409, code: 'protected' });
    await addBackup(api, { ageHours: 1 });
    expect((await api.call(remove, 'DELETE', '/x', { params: { id: whole } })).status).toBe(202);
    expect(check(await look(), 'recovery-point')).toBe('OK');
  },
);

test('only part backups: there is nothing to restore the application from', async () => {
  const partial = await addBackup(api, { ageHours: 1 });
  await api.catalogue.raw`update backups set schema_only = true where id = ${partial}`;
  const seen = await look();
  expect(seen.newestGood).toBeNull();
  expect(check(seen, 'recovery-point')).toBe('CRITICAL');
});

test('a cancelled run does not hide the failed one before it', async () => {
  await addBackup(api, { ageHours: 3 });
  const failed = await addBackup(api, { ageHours: 2, status: 'FAILED' });
  const cancelled = await addBackup(api, { ageHours: 1, status: 'FAILED' });
  await api.catalogue.raw`update backups set error_code = 'tool_failed' where id = ${failed}`;
  await api.catalogue.raw`update backups set error_code = 'cancelled' where id = ${cancelled}`;
  expect(check(await look(), 'last-run')).toBe('WARNING');
  await api.catalogue.raw`delete from backups where id = ${failed}`;
  expect(check(await look(), 'last-run')).toBe('UNKNOWN');
});

test('what is expired or deleted meanwhile is no restore point', async () => {
  const newest = await addBackup(api, { ageHours: 1 });
  const older = await addBackup(api, { ageHours: 30 });
  for (const status of ['EXPIRED', 'DELETED', 'FAILED']) {
    await api.catalogue.raw`update backups set status = ${status} where id = ${newest}`;
    const seen = await look();
    expect(seen.newestGood?.id).toBe(older);
    expect(check(seen, 'recovery-point')).toBe('WARNING');
  }
});

test.each([
  'from=0000-01-01',
  'from=0001-01-01T00:00:00%2B12:00',
  'to=9999-12-31',
  'to=9999-12-31T23:59:59-12:00',
])('history?%s: an instant that no database can say is 422, not our fault', async (query) => {
  const problem = await problemOf(await api.call(history, 'GET', `/x?${query}`));
  expect(problem).toMatchObject({ status: 422, errors: [{ field: query.split('=')[0] }] });
});
test('the first and the last instant that are allowed are understood', async () => {
  expect((await api.call(history, 'GET', '/x?from=0001-01-01&to=9998-12-31')).status).toBe(200);
});

test('half a character is refused where text is kept', async () => {
  const half = '\\ud800';
  const contact = `{"name":"${half}","role":"","phone":"","email":""}`;
  const answers = [
    api.call(trigger, 'POST', '/x', { body: `{"description":"${half}"}` }),
    api.call(trigger, 'POST', '/x', { body: `{"tables":["${half}"]}` }),
    api.call(createToken, 'POST', '/x', { body: `{"name":"${half}","role":"viewer"}` }),
    api.call(saveSettings, 'PUT', '/x', {
      body: `{"emergencyContacts":[${contact}],"rpoHours":24,"rtoMinutes":60}`,
    }),
  ];
  for (const answer of answers) expect(await problemOf(await answer)).toMatchObject({ status: 422 });
  // A whole one is no stranger.
  const whole = await api.call(createToken, 'POST', '/x', {
    json: { name: 'vault \u{1f511}', role: 'viewer' },
  });
  expect(whole.status).toBe(201);
});
