import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DELETE as remove } from '#app/api/v1/admin/backup/[id]/route.ts';
import { POST as verify } from '#app/api/v1/admin/backup/[id]/verify/route.ts';
import { GET as history } from '#app/api/v1/admin/backup/history/route.ts';
import { GET as timeline } from '#app/api/v1/admin/tables/[name]/timeline/route.ts';
import { GET as tables } from '#app/api/v1/admin/tables/route.ts';
import { POST as cancel } from '#app/api/v1/admin/verifications/[id]/cancel/route.ts';
import { GET as overview } from '#app/api/v1/overview/route.ts';
import { verdictOf } from '#lib/client/verdict.ts';
import { BackupHistoryResponse } from '#lib/contracts/backup.ts';
import { Overview } from '#lib/contracts/overview.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { TableList, TableTimeline } from '#lib/contracts/timeline.ts';
import { VerificationAccepted } from '#lib/contracts/verification.ts';
import { planPrefixOf } from '#db/queries/slot.ts';
import { addBackup, addCopy, problemOf, startApi, type TestApi } from '#tests/support/api.ts';

const SHOP = '00000000-0000-4000-8000-00000000000a';
const NOBODY = '00000000-0000-4000-8000-0000000000ff';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.catalogue.raw`
    insert into sources (id, name, host, port, "user", database, file_prefix)
    values (${SHOP}, 'shop', '127.0.0.1', 5432, 'reader', 'shop', 'shop_backup')`;
});
afterAll(() => api.close());
afterEach(async () => {
  await api.catalogue.raw`truncate slots, backup_tables, backup_copies, backups, workers cascade`;
  await api.catalogue
    .raw`update sources set is_enabled = true, schedule = null, verification = null where id = ${SHOP}`;
});

const look = async (query = ''): Promise<Overview> =>
  Overview.parse(await (await api.call(overview, 'GET', `/x${query}`, { as: 'viewer' })).json());
const add = async (sourceId: string, ageHours: number, more: { status?: string; proof?: string } = {}) => {
  const id = await addBackup(api, {
    ageHours,
    ...(more.status === undefined ? {} : { status: more.status }),
  });
  const proof = more.proof ?? 'PROVEN';
  await api.catalogue.raw`
    update backups set source_id = ${sourceId}, proof = ${proof}::proof_state,
           proven_at = case when ${proof} = 'PROVEN' then created_at end where id = ${id}`;
  return id;
};
/** A worker lives, and has looked at the schedule of each a moment ago. */
const settle = async (sourceIds: readonly string[]): Promise<void> => {
  await api.catalogue.raw`
    insert into workers (id, hostname, pid, version) values (gen_random_uuid(), 'h', 1, '1')`;
  for (const id of sourceIds) {
    await api.catalogue.raw`
      insert into slots (plan, due_at) values (${`${planPrefixOf(id)}0 1 * * * UTC`}, now())`;
  }
};
const wrong = ({ checks }: Overview) =>
  checks
    .filter(({ state }) => state !== 'OK')
    .map(({ name, state, source }) => [source?.name ?? null, name, state] as const);

test('two sources that are well: green, and both are told of', async () => {
  await add(ENVIRONMENT_SOURCE_ID, 3);
  await add(SHOP, 5);
  await settle([ENVIRONMENT_SOURCE_ID, SHOP]);
  const seen = await look();
  expect(wrong(seen)).toEqual([]);
  expect(verdictOf(seen).state).toBe('OK');
  expect(seen.sources.map(({ name, state }) => [name, state])).toEqual([
    ['environment', 'OK'],
    ['shop', 'OK'],
  ]);
  // The older of the two proofs is the one that is spoken of.
  expect(seen.source.name).toBe('shop');
});

test.each([
  ['the one that was added', SHOP, ENVIRONMENT_SOURCE_ID, 'shop'],
  ['the environment’s own', ENVIRONMENT_SOURCE_ID, SHOP, 'environment'],
])(
  'one source without a backup, %s: the whole is not safe, and says which',
  async (_name, bad, good, name) => {
    await add(good, 3);
    await settle([ENVIRONMENT_SOURCE_ID, SHOP]);
    const seen = await look();
    expect(wrong(seen)).toContainEqual([name, 'recovery-point', 'CRITICAL']);
    expect(wrong(seen).filter(([source]) => source !== name)).toEqual([]);
    const verdict = verdictOf(seen);
    expect(verdict.state).toBe('CRITICAL');
    expect(verdict.sources).toContain(name);
    expect(seen.source.id).toBe(bad);

    // Each asked for alone speaks of itself.
    expect(verdictOf(await look(`?source=${good}`), true).state).toBe('OK');
    expect(verdictOf(await look(`?source=${bad}`), true).state).toBe('CRITICAL');
  },
);

test('overdue is judged by each source’s own schedule', async () => {
  await add(ENVIRONMENT_SOURCE_ID, 3);
  await add(SHOP, 3);
  await settle([ENVIRONMENT_SOURCE_ID]);
  await api.catalogue.raw`
    update sources set schedule = ${{ isEnabled: true, cron: '*/5 * * * *', timeZone: 'UTC' } as never}::jsonb where id = ${SHOP}`;
  await api.catalogue.raw`
    insert into slots (plan, due_at) values (${`${planPrefixOf(SHOP)}*/5 * * * * UTC`}, now() - interval '1 hour')`;
  const seen = await look();
  expect(wrong(seen)).toEqual([['shop', 'overdue', 'CRITICAL']]);
  expect(new Date(seen.sources[1]?.nextScheduled ?? 0).getTime() - Date.now()).toBeLessThan(5 * 60_000);
  // By the installation's schedule, once a day, the same slot was in time.
  await api.catalogue.raw`update sources set schedule = null where id = ${SHOP}`;
  await api.catalogue.raw`update slots set due_at = now() where plan like 'source %'`;
  expect(wrong(await look())).toEqual([]);
});

test('a source whose schedule nobody has looked at is not known to be in time', async () => {
  await add(ENVIRONMENT_SOURCE_ID, 3);
  await add(SHOP, 3);
  await settle([ENVIRONMENT_SOURCE_ID]);
  expect(wrong(await look())).toEqual([['shop', 'overdue', 'UNKNOWN']]);
});

test('its own verification policy decides whether a proof is missing', async () => {
  await add(ENVIRONMENT_SOURCE_ID, 3);
  await add(SHOP, 80);
  await add(SHOP, 3, { proof: 'NEVER' });
  await settle([ENVIRONMENT_SOURCE_ID, SHOP]);
  const proof = async () =>
    (await look()).checks.find((each) => each.name === 'proof' && each.source?.id === SHOP);
  expect((await proof())?.state).toBe('OK');
  await api.catalogue.raw`update sources set verification = '{"restore":"daily"}'::jsonb where id = ${SHOP}`;
  expect((await proof())?.state).toBe('WARNING');
});

test('a disabled source is not judged, and that is said; all of them disabled is never green', async () => {
  await add(ENVIRONMENT_SOURCE_ID, 3);
  await settle([ENVIRONMENT_SOURCE_ID, SHOP]);
  await api.catalogue.raw`update sources set is_enabled = false where id = ${SHOP}`;
  const seen = await look();
  expect(wrong(seen)).toEqual([]);
  expect(seen.sources[1]).toMatchObject({ state: null, nextScheduled: null });
  expect(seen.checks.find(({ name }) => name === 'sources')?.detail).toContain('shop');
  expect(verdictOf(seen).sources).toContain('not judged');
  const alone = verdictOf(await look(`?source=${SHOP}`), true);
  expect(alone.state).not.toBe('OK');
});

test('what runs, what was taken and what is stored follow the source that is asked for', async () => {
  const ours = await add(ENVIRONMENT_SOURCE_ID, 1, { status: 'IN_PROGRESS', proof: 'NEVER' });
  const theirs = await add(SHOP, 2);
  const seen = await look(`?source=${SHOP}`);
  expect(seen.running).toEqual([]);
  expect(seen.recent.map(({ id }) => id)).toEqual([theirs]);
  expect(seen.summary.totalBackups).toBe(1);
  expect((await look()).running.map(({ id }) => id)).toEqual([ours]);
  expect(await problemOf(await api.call(overview, 'GET', `/x?source=${NOBODY}`))).toMatchObject({
    status: 404,
  });
  expect(await problemOf(await api.call(overview, 'GET', '/x?source=shop'))).toMatchObject({ status: 422 });
});

test('the history of one source; an id that is none finds nothing, and what is no id is refused', async () => {
  await add(ENVIRONMENT_SOURCE_ID, 1);
  const shop = await add(SHOP, 2);
  const ask = async (query: string) =>
    BackupHistoryResponse.parse(await (await api.call(history, 'GET', `/x?${query}`)).json());
  expect((await ask('')).meta.total).toBe(2);
  const { data, meta } = await ask(`source=${SHOP}`);
  expect([meta.total, data.map(({ id, sourceName }) => [id, sourceName])]).toEqual([1, [[shop, 'shop']]]);
  expect(await ask(`source=${NOBODY}`)).toMatchObject({
    meta: { total: 0 },
    summary: { nextScheduled: null },
  });
  expect(await problemOf(await api.call(history, 'GET', '/x?source=shop'))).toMatchObject({
    status: 422,
    errors: [{ field: 'source' }],
  });
});

test('the last proven backup of each source is kept from being deleted', async () => {
  await add(ENVIRONMENT_SOURCE_ID, 30);
  const old = await add(SHOP, 60);
  const last = await add(SHOP, 50);
  const answer = async (id: string) => (await api.call(remove, 'DELETE', '/x', { params: { id } })).status;
  expect(await answer(last)).toBe(409);
  expect(await answer(old)).toBe(202);
});

test('the audit log says of which source a verification is', async () => {
  const backup = await add(SHOP, 3);
  await addCopy(api, backup, { destination: 'local', key: `${backup}.dump.zst` });
  const asked = await api.call(verify, 'POST', '/x', { params: { id: backup }, json: { depth: 'bytes' } });
  const { id } = VerificationAccepted.parse(await asked.json());
  expect((await api.call(cancel, 'POST', '/x', { params: { id } })).status).toBe(202);
  expect(
    await api.catalogue.raw`
      select action, details ->> 'sourceId' as "sourceId", details ->> 'verificationId' as "verificationId"
      from audit_entries where subject_id = ${backup} order by id`,
  ).toEqual([
    { action: 'verification.start', sourceId: SHOP, verificationId: id },
    { action: 'verification.cancel', sourceId: SHOP, verificationId: id },
  ]);
});

test('tables of one name in two databases never mix', async () => {
  const note = (backupId: string, name: string, rows: number) => api.catalogue.raw`
    insert into backup_tables (backup_id, schema, name, rows, taken_at)
    select id, 'public', ${name}, ${rows}, created_at from backups where id = ${backupId}`;
  // In turns: a fall from the one's thousand to the other's ten would be no fall at all.
  for (const [age, rows] of [
    [8, 1000],
    [6, 1010],
    [4, 1020],
  ] as const) {
    await note(await add(ENVIRONMENT_SOURCE_ID, age), 'items', rows);
  }
  for (const [age, rows] of [
    [7, 10],
    [5, 4],
  ] as const) {
    const id = await add(SHOP, age);
    await note(id, 'items', rows);
    await note(id, 'carts', 1);
  }
  const ask = async (name: string, query = '') =>
    TableTimeline.parse(
      await (await api.call(timeline, 'GET', `/x${query}`, { params: { name } })).json(),
    ).points.map(({ rows, isDrop }) => [rows, isDrop]);
  expect(await ask('items')).toEqual([
    [1000, false],
    [1010, false],
    [1020, false],
  ]);
  expect(await ask('public.items', `?source=${SHOP}`)).toEqual([
    [10, false],
    [4, true],
  ]);
  const missing = await api.call(timeline, 'GET', '/x', { params: { name: 'carts' } });
  expect(await problemOf(missing)).toMatchObject({ status: 404 });
  const names = async (query: string) =>
    TableList.parse(await (await api.call(tables, 'GET', `/x${query}`)).json()).data.map(
      ({ name, rows, isInNewest }) => [name, rows, isInNewest],
    );
  expect(await names('')).toEqual([['items', 1020, true]]);
  expect(await names(`?source=${SHOP}`)).toEqual([
    ['carts', 1, true],
    ['items', 4, true],
  ]);
  expect(await problemOf(await api.call(tables, 'GET', '/x?source=shop'))).toMatchObject({ status: 422 });

  // One that a source had once is told as that source had it, whatever the other still has.
  await note(await add(ENVIRONMENT_SOURCE_ID, 9), 'carts', 77);
  expect(await names('')).toEqual([
    ['carts', 77, false],
    ['items', 1020, true],
  ]);
  expect(await names(`?source=${SHOP}`)).toContainEqual(['carts', 1, true]);
  expect(await ask('carts')).toEqual([[77, false]]);
});
