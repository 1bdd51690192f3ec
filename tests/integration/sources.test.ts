import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { POST as trigger } from '#app/api/v1/admin/backup/trigger/route.ts';
import { POST as disable } from '#app/api/v1/admin/sources/[id]/disable/route.ts';
import { POST as enable } from '#app/api/v1/admin/sources/[id]/enable/route.ts';
import { GET as read, PUT as update } from '#app/api/v1/admin/sources/[id]/route.ts';
import { POST as testSaved } from '#app/api/v1/admin/sources/[id]/test/route.ts';
import { POST as discover } from '#app/api/v1/admin/sources/discover/route.ts';
import { GET as list, POST as create } from '#app/api/v1/admin/sources/route.ts';
import { POST as testAddress } from '#app/api/v1/admin/sources/test/route.ts';
import { ENVIRONMENT_SOURCE_ID, Source, SourceList, SourceProbeAnswer } from '#lib/contracts/source.ts';
import { problemOf, startApi, type TestApi } from '#tests/support/api.ts';
import { switchProofsOff } from '#tests/support/backups.ts';
import { freePort } from '#tests/support/postgres.ts';
import { startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';

const PASSWORD = 'canary-kept-password';
const TYPED = 'canary-typed-password';

let api: TestApi;
let worker: WorkerProcess;
let folder: string;
/** Every body that was answered, to look for secrets in. */
let said = '';

beforeAll(async () => {
  api = await startApi({
    PGHOST: '127.0.0.1',
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
  });
  const { server } = api;
  for (const database of ['shop', 'stock', 'hidden']) await server.createDatabase(database);
  await server.sql(
    'stock',
    `create table items as select 1 as n; create table salaries as select 1 as n; create sequence numbers;
     create table guarded as select 1 as n; alter table guarded enable row level security;
     create policy mine on guarded using (false);
     create role reader login password '${PASSWORD}'; grant select on items, guarded to reader;
     revoke connect on database hidden from public`,
  );
  await switchProofsOff(api.catalogue.raw);
  folder = mkdtempSync(join(tmpdir(), 'hf-sources-'));
  worker = startWorkerProcess({
    DATABASE_URL: api.backend.config.databaseUrl?.reveal() ?? '',
    HOLDFAST_SECRET: api.backend.config.secret?.reveal() ?? '',
    HOLDFAST_DATA_DIR: join(folder, 'data'),
    HOLDFAST_LOG_LEVEL: 'debug',
    BACKUP_LOCAL_PATH: api.folder,
    BACKUP_ENABLED: 'false',
    PGDATABASE: 'shop',
  });
  await worker.until('worker is ready');
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(
  handler: unknown,
  method: string,
  options: { readonly id?: string; readonly json?: unknown; readonly as?: 'viewer' } = {},
): Promise<Response> {
  const { id, ...rest } = options;
  const response = await api.call(handler, method, '/x', {
    ...rest,
    ...(id === undefined ? {} : { params: { id } }),
  });
  said += await response.clone().text();
  return response;
}
async function ok(response: Response, status = 200): Promise<unknown> {
  if (response.status !== status) throw new Error(`${String(response.status)} ${await response.text()}`);
  return response.json();
}
const reader = () => ({
  host: '127.0.0.1',
  port: api.server.port,
  user: 'reader',
  database: 'stock',
  sslMode: null,
});
const nothingChosen = { schedule: null, retention: null, verification: null };
const stock = (more: object = {}) => ({
  ...reader(),
  ...nothingChosen,
  name: 'Stock',
  environment: 'staging',
  filePrefix: 'stock_backup',
  password: PASSWORD,
  ...more,
});
const withoutPassword = (input: { readonly password?: unknown }): object => ({
  ...input,
  password: undefined,
});
const refusal = async (response: Response) => {
  const { status, code, errors } = await problemOf(response);
  return { status, code, field: errors?.[0]?.field };
};
const lastAudit = async () => {
  const [row] = await api.catalogue.raw<{ action: string; subject_id: string | null; details: object }[]>`
    select action, subject_id, details from audit_entries order by id desc limit 1`;
  return row;
};

test('the environment has made the first source, which shows and cannot be changed here', async () => {
  const { data } = SourceList.parse(await ok(await call(list, 'GET')));
  expect(data).toHaveLength(1);
  expect(data[0]).toMatchObject({
    id: ENVIRONMENT_SOURCE_ID,
    isFromEnvironment: true,
    host: '127.0.0.1',
    user: 'postgres',
    database: 'shop',
    hasPassword: true,
    effective: { schedule: { isEnabled: true, cron: '0 1 * * *', timeZone: 'UTC' }, retention: { daily: 7 } },
  });
  const id = ENVIRONMENT_SOURCE_ID;
  for (const response of [
    await call(update, 'PUT', { id, json: stock() }),
    await call(disable, 'POST', { id }),
    await call(enable, 'POST', { id }),
  ])
    expect(await refusal(response)).toMatchObject({ status: 409, code: 'conflict' });
});

let id: string;

test('a source is added with its choices, and audited without its password', async () => {
  const chosen = {
    schedule: { isEnabled: true, cron: '30 2 * * *', timeZone: 'Europe/Berlin' },
    retention: { daily: 3, weekly: 2, monthly: 1 },
  };
  const source = Source.parse(await ok(await call(create, 'POST', { json: stock(chosen) }), 201));
  ({ id } = source);
  expect(source).toMatchObject({
    ...reader(),
    ...chosen,
    name: 'Stock',
    hasPassword: true,
    isEnabled: true,
    isFromEnvironment: false,
    environment: 'staging',
    effective: chosen,
    lastProbe: null,
    newestCompletedAt: null,
  });
  expect(source.nextScheduled).toMatch(/T(00|01):30:00/);
  expect(await lastAudit()).toMatchObject({
    action: 'source.create',
    subject_id: id,
    details: { name: 'Stock', host: '127.0.0.1', database: 'stock', hasPassword: true },
  });
  const [row] = await api.catalogue.raw<{ sealed_password: string }[]>`
    select sealed_password from sources where id = ${id}`;
  expect(row?.sealed_password).toMatch(/^v1\./);
  expect(Source.parse(await ok(await call(read, 'GET', { id })))).toEqual(source);
  expect(SourceList.parse(await ok(await call(list, 'GET'))).data.map(({ name }) => name)).toEqual([
    'shop',
    'Stock',
  ]);
});

test.each([
  [
    'a cron nobody can read',
    { schedule: { isEnabled: true, cron: '61 * * * *', timeZone: 'UTC' } },
    'schedule.cron',
    422,
  ],
  [
    'six fields',
    { schedule: { isEnabled: true, cron: '0 0 1 * * *', timeZone: 'UTC' } },
    'schedule.cron',
    422,
  ],
  [
    'an unknown zone',
    { schedule: { isEnabled: true, cron: '0 1 * * *', timeZone: 'Mars/Base' } },
    'schedule.timeZone',
    422,
  ],
  ['no daily backup kept', { retention: { daily: 0, weekly: 0, monthly: 0 } }, 'retention.daily', 422],
  ['a prefix with a folder', { filePrefix: '../etc' }, 'filePrefix', 422],
  ['a NUL in the password', { password: 'a\0b' }, 'password', 422],
  ['a stranger', { isSuper: true }, 'isSuper', 422],
  ['a name that is taken', { filePrefix: 'other', name: 'STOCK' }, 'name', 409],
  ['a prefix that is taken', { name: 'Other' }, 'filePrefix', 409],
  ["the environment's prefix", { name: 'Other', filePrefix: 'ims_backup' }, 'filePrefix', 409],
])('refused, with the field: %s', async (_, change, field, status) => {
  const before = await api.catalogue.raw`select count(*) from audit_entries`;
  expect(await refusal(await call(create, 'POST', { json: stock(change) }))).toMatchObject({ field, status });
  expect(await api.catalogue.raw`select count(*) from audit_entries`).toEqual(before);
});

test('two that choose one name at once: one is added', async () => {
  const wanted = ['a', 'b'].map((prefix) => stock({ name: 'Twice', filePrefix: prefix }));
  const answers = await Promise.all(wanted.map((json) => call(create, 'POST', { json })));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  const { id: twice } = Source.parse(await answers.find(({ status }) => status === 201)!.json());
  await api.catalogue.raw`delete from sources where id = ${twice}`;
});

test('a worker tests it as it is saved: version, size, and what this user may not read', async () => {
  const answer = SourceProbeAnswer.parse(await ok(await call(testSaved, 'POST', { id })));
  expect(answer).toMatchObject({ isReachable: true, error: null });
  expect(answer.productVersion).toMatch(/^\d+/);
  expect(answer.sizeBytes).toBeGreaterThan(0);
  expect(answer.warnings).toEqual([
    expect.stringContaining('public.guarded, public.numbers, public.salaries'),
  ]);
  expect(Source.parse(await ok(await call(read, 'GET', { id }))).lastProbe).toEqual(answer);
  expect(await lastAudit()).toMatchObject({ action: 'source.test', subject_id: id });
  await api.server.sql('stock', 'grant pg_read_all_data to reader');
  expect(await ok(await call(testSaved, 'POST', { id }))).toMatchObject({
    warnings: [expect.stringMatching(/may not read public\.guarded;.*bypassrls/)],
  });
  await api.server.sql('stock', 'alter role reader bypassrls');
  expect(await ok(await call(testSaved, 'POST', { id }))).toMatchObject({ warnings: [], error: null });
  expect(await api.catalogue.raw`select id from source_questions`).toEqual([]);
});

test('an address that is not saved is tested too, and what is wrong with it is said with its code', async () => {
  const ask = async (change: object) =>
    SourceProbeAnswer.parse(await ok(await call(testAddress, 'POST', { json: { ...reader(), ...change } })));
  expect(await ask({ user: 'postgres', password: 'postgres' })).toMatchObject({
    isReachable: true,
    warnings: [expect.stringContaining('superuser')],
  });
  expect(await ask({ password: TYPED })).toMatchObject({
    isReachable: false,
    error: { code: 'source_auth' },
  });
  expect(await ask({ password: null })).toMatchObject({ isReachable: false, error: { code: 'source_auth' } });
  expect(await ask({ password: PASSWORD, database: 'nowhere' })).toMatchObject({
    isReachable: false,
    error: { code: 'config', message: expect.stringContaining('nowhere') as string },
  });
  expect(await ask({ password: PASSWORD, port: await freePort() })).toMatchObject({
    isReachable: false,
    error: { code: 'source_unreachable', hint: expect.stringContaining('reachable') as string },
  });
});

test('every database of a server is found that this user may connect to, with the source that has it already', async () => {
  const found = await ok(await call(discover, 'POST', { json: { ...reader(), password: PASSWORD } }));
  expect(found).toMatchObject({
    databases: [
      { name: 'holdfast', sourceId: null, isCatalogue: true },
      { name: 'postgres', sourceId: null, isCatalogue: false },
      { name: 'shop', sourceId: null },
      { name: 'stock', sourceId: id },
    ],
  });
  expect(
    await refusal(await call(discover, 'POST', { json: { ...reader(), password: TYPED } })),
  ).toMatchObject({
    status: 502,
    code: 'source_auth',
  });
  expect(await api.catalogue.raw`select id from source_questions`).toEqual([]);
});

test('the kept password is used for its own server and user, and for no other', async () => {
  expect(await ok(await call(testAddress, 'POST', { json: { ...reader(), sourceId: id } }))).toMatchObject({
    error: null,
  });
  expect(
    await ok(await call(discover, 'POST', { json: { ...reader(), database: 'postgres', sourceId: id } })),
  ).toHaveProperty('databases');
  const json = { ...reader(), sourceId: id };
  for (const change of [{ host: 'localhost' }, { port: 1 }, { user: 'postgres' }, { sslMode: 'disable' }]) {
    const refused = { status: 422, code: 'invalid', field: 'password' };
    expect(await refusal(await call(testAddress, 'POST', { json: { ...json, ...change } }))).toEqual(refused);
    expect(await refusal(await call(discover, 'POST', { json: { ...json, ...change } }))).toEqual(refused);
    const edited = withoutPassword(stock(change));
    expect(await refusal(await call(update, 'PUT', { id, json: edited }))).toEqual(refused);
  }
  expect(await refusal(await call(testAddress, 'POST', { json: reader() }))).toMatchObject({
    field: 'password',
  });
});

test('an edit keeps the password, another address forgets what was found, and a typed one replaces it', async () => {
  const edit = async (json: object) => Source.parse(await ok(await call(update, 'PUT', { id, json })));
  expect(await edit(withoutPassword(stock({ name: 'Stock room' })))).toMatchObject({
    name: 'Stock room',
    hasPassword: true,
    schedule: null,
    lastProbe: { isReachable: true },
  });
  expect(await lastAudit()).toMatchObject({
    action: 'source.change',
    details: { name: 'Stock room', isPasswordChanged: false },
  });
  expect(await ok(await call(testSaved, 'POST', { id }))).toMatchObject({ error: null });
  expect(await edit(stock({ host: 'localhost', password: TYPED }))).toMatchObject({ lastProbe: null });
  expect(await ok(await call(testSaved, 'POST', { id }))).toMatchObject({ error: { code: 'source_auth' } });
  expect(await edit(stock({ password: null }))).toMatchObject({ hasPassword: false });
  expect(await edit(stock())).toMatchObject({ hasPassword: true });
});

test('a password sealed for another row, or under another secret, is refused and said to be', async () => {
  const other = Source.parse(
    await ok(await call(create, 'POST', { json: stock({ name: 'Other', filePrefix: 'other' }) }), 201),
  );
  await api.catalogue.raw`
    update sources set sealed_password = (select sealed_password from sources where id = ${id}) where id = ${other.id}`;
  const response = await call(testSaved, 'POST', { id: other.id });
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({
    code: 'config',
    hint: expect.stringContaining('type the password again') as string,
  });
  await api.catalogue.raw`delete from sources where id = ${other.id}`;
});

test('a disabled source is not backed up by hand, an enabled one is; both are audited once', async () => {
  expect(await ok(await call(disable, 'POST', { id }))).toMatchObject({
    isEnabled: false,
    nextScheduled: null,
  });
  expect(await ok(await call(disable, 'POST', { id }))).toMatchObject({ isEnabled: false });
  expect(await refusal(await call(trigger, 'POST', { json: { sourceId: id } }))).toEqual({
    status: 409,
    code: 'conflict',
    field: 'sourceId',
  });
  expect(await ok(await call(enable, 'POST', { id }))).toMatchObject({ isEnabled: true });
  const audited = await api.catalogue.raw`
    select action from audit_entries where subject_id = ${id} and action in ('source.disable', 'source.enable') order by id`;
  expect(audited.map(({ action }) => action as string)).toEqual(['source.disable', 'source.enable']);
});

test('the manual interval counts for each source, and nobody backs up what is not there', async () => {
  await ok(await call(trigger, 'POST', { json: { sourceId: id } }), 202);
  expect(await refusal(await call(trigger, 'POST', { json: { sourceId: id } }))).toMatchObject({
    status: 429,
  });
  await ok(await call(trigger, 'POST', { json: {} }), 202);
  const rows = await api.catalogue.raw`select source_id from backups order by created_at`;
  expect(rows.map(({ source_id }) => source_id as string)).toEqual([id, ENVIRONMENT_SOURCE_ID]);
  const nowhere = crypto.randomUUID();
  expect(await refusal(await call(trigger, 'POST', { json: { sourceId: nowhere } }))).toMatchObject({
    status: 404,
  });
  for (const response of [
    await call(read, 'GET', { id: nowhere }),
    await call(testSaved, 'POST', { id: nowhere }),
  ])
    expect(await refusal(response)).toMatchObject({ status: 404 });
});

test('a viewer is refused everywhere, and nothing is written', async () => {
  const before = await api.catalogue.raw`select id from audit_entries order by id desc limit 1`;
  const as = 'viewer';
  for (const response of [
    await call(list, 'GET', { as }),
    await call(create, 'POST', { as, json: stock({ name: 'V' }) }),
    await call(read, 'GET', { as, id }),
    await call(update, 'PUT', { as, id, json: stock() }),
    await call(testSaved, 'POST', { as, id }),
    await call(testAddress, 'POST', { as, json: { ...reader(), password: PASSWORD } }),
    await call(discover, 'POST', { as, json: { ...reader(), password: PASSWORD } }),
    await call(disable, 'POST', { as, id }),
    await call(enable, 'POST', { as, id }),
  ])
    expect(await refusal(response)).toMatchObject({ status: 403, code: 'forbidden' });
  expect(await api.catalogue.raw`select id from audit_entries order by id desc limit 1`).toEqual(before);
});

test('no password stands in an answer, the audit log, the catalogue, a job or the log of the worker', async () => {
  const [all] = await api.catalogue.raw<{ text: string }[]>`
    select (select string_agg(s::text, '') from sources s)
        || (select string_agg(a::text, '') from audit_entries a)
        || (select string_agg(j::text, '') from pgboss.job j) as text`;
  for (const password of [PASSWORD, TYPED])
    for (const text of [said, all?.text ?? '', worker.log()]) {
      expect(text.length).toBeGreaterThan(0);
      expect(text).not.toContain(password);
    }
  expect(said).not.toMatch(/v1\.[\w-]{20}/);
});

test('without a worker a test is answered at once with what to do', async () => {
  await worker.kill('SIGTERM');
  expect(await refusal(await call(testSaved, 'POST', { id }))).toMatchObject({
    status: 503,
    code: 'worker_absent',
  });
  expect(await api.catalogue.raw`select id from source_questions`).toEqual([]);
});
