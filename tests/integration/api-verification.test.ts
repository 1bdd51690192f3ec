import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DELETE } from '#app/api/v1/admin/backup/[id]/route.ts';
import { GET as manifest } from '#app/api/v1/admin/backup/[id]/manifest/route.ts';
import { GET as list } from '#app/api/v1/admin/backup/[id]/verifications/route.ts';
import { POST as verify } from '#app/api/v1/admin/backup/[id]/verify/route.ts';
import { GET as history } from '#app/api/v1/admin/backup/history/route.ts';
import { GET as tables } from '#app/api/v1/admin/tables/route.ts';
import { GET as timeline } from '#app/api/v1/admin/tables/[name]/timeline/route.ts';
import { GET as verification } from '#app/api/v1/admin/verifications/[id]/route.ts';
import { POST as cancel } from '#app/api/v1/admin/verifications/[id]/cancel/route.ts';
import { noteTables } from '#db/queries/backup-table.ts';
import { BackupHistoryResponse } from '#lib/contracts/backup.ts';
import { Manifest } from '#lib/contracts/manifest.ts';
import { TableList, TableTimeline } from '#lib/contracts/timeline.ts';
import { Verification, VerificationAccepted, VerificationList } from '#lib/contracts/verification.ts';
import { addBackup, addCopy, problemOf, startApi, type TestApi } from '#tests/support/api.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.catalogue.raw`truncate backups cascade`;
  await api.catalogue.raw`delete from pgboss.job`;
});

const storedBackup = async (values: Parameters<typeof addBackup>[1] = {}): Promise<string> => {
  const id = await addBackup(api, { tiers: ['DAILY'], ageHours: 30, ...values });
  await addCopy(api, id, { destination: 'local', key: `${id}.dump.zst` });
  return id;
};
const ask = (id: string, json: unknown = { depth: 'restore' }, options: object = {}) =>
  api.call(verify, 'POST', '/x', { params: { id }, json, ...options });
const read = (id: string) => api.call(verification, 'GET', '/x', { params: { id } });
const jobs = async () =>
  (await api.catalogue.raw`select data from pgboss.job where name = 'verify'`).map(
    (row) => (row['data'] as { verificationId: string }).verificationId,
  );
const audit = async () =>
  [...(await api.catalogue.raw`select action, subject_id, details from audit_entries order by id`)].slice(-2);

describe('verify', () => {
  test('answers 202 and leaves row, audit entry and job; the backup shows it', async () => {
    const backupId = await storedBackup();
    const response = await ask(backupId, { depth: 'archive' });
    expect(response.status).toBe(202);
    const answer = VerificationAccepted.strict().parse(await response.json());
    expect(answer.status).toBe('IN_PROGRESS');
    expect(await jobs()).toEqual([answer.id]);
    expect((await audit()).at(-1)).toMatchObject({
      action: 'verification.start',
      subject_id: backupId,
      details: { verificationId: answer.id, depth: 'archive', destination: 'local' },
    });
    const shown = Verification.strict().parse(await (await read(answer.id)).json());
    expect(shown).toMatchObject({
      backupId,
      depth: 'archive',
      destination: 'local',
      status: 'IN_PROGRESS',
      proven: false,
      durationMs: null,
      checks: [],
      cause: 'manual',
      requestedBy: 'admin token',
      progress: { phase: 'queued', bytes: 0, totalBytes: null, cancelRequested: false },
      error: null,
      log: '',
    });
    const rows = BackupHistoryResponse.parse(await (await api.call(history, 'GET', '/x')).json());
    expect(rows.data[0]?.proof).toMatchObject({
      state: 'NEVER',
      lastVerificationId: answer.id,
      lastStatus: 'IN_PROGRESS',
      lastError: null,
    });
    const all = VerificationList.parse(
      await (await api.call(list, 'GET', '/x', { params: { id: backupId } })).json(),
    );
    expect(all.data.map(({ id }) => id)).toEqual([answer.id]);
  });

  test('of several at once one is accepted, the others are 409 locked, and there is one job', async () => {
    const id = await storedBackup();
    const answers = await Promise.all([ask(id), ask(id), ask(id), ask(id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409]);
    const refused = await problemOf(answers.find(({ status }) => status === 409)!);
    expect(refused).toMatchObject({ code: 'locked' });
    expect(refused.hint).toBeTruthy();
    expect(await jobs()).toHaveLength(1);
    // Another backup may be asked for meanwhile.
    expect((await ask(await storedBackup())).status).toBe(202);
  });

  test('the copy is the first stored one, or the one that is named', async () => {
    const id = await addBackup(api, { destinations: ['local', 's3'] });
    await addCopy(api, id, { destination: 'local', key: 'a', status: 'FAILED' });
    await addCopy(api, id, { destination: 's3', key: 'a' });
    expect(await problemOf(await ask(id, { depth: 'bytes', destination: 'local' }))).toMatchObject({
      code: 'conflict',
      status: 409,
    });
    const { id: asked } = VerificationAccepted.parse(await (await ask(id, { depth: 'bytes' })).json());
    expect(await (await read(asked)).json()).toMatchObject({ destination: 's3' });
  });

  test.each([
    ['IN_PROGRESS', 409, 'conflict'],
    ['FAILED', 409, 'conflict'],
    ['EXPIRED', 409, 'conflict'],
    ['DELETED', 409, 'conflict'],
  ])('a backup that is %s is refused', async (status, http, code) => {
    const id = await storedBackup({ status });
    expect(await problemOf(await ask(id))).toMatchObject({ status: http, code });
    expect(await jobs()).toEqual([]);
  });

  test.each([
    ['no depth', {}, 422],
    ['another depth', { depth: 'deep' }, 422],
    ['another field', { depth: 'bytes', force: true }, 422],
    ['another destination', { depth: 'bytes', destination: 'tape' }, 422],
  ])('refuses %s', async (_name, json, status) => {
    expect((await problemOf(await ask(await storedBackup(), json))).status).toBe(status);
  });

  test('an unknown backup is 404, a viewer 403, nobody 401; row, audit entry and job come together', async () => {
    expect((await problemOf(await ask(UNKNOWN))).code).toBe('not_found');
    const id = await storedBackup();
    expect((await problemOf(await ask(id, { depth: 'bytes' }, { as: 'viewer' }))).code).toBe('forbidden');
    expect((await problemOf(await ask(id, { depth: 'bytes' }, { as: null }))).code).toBe('unauthenticated');
    await api.catalogue.raw`alter schema pgboss rename to pgboss_away`;
    try {
      expect((await ask(id)).status).toBeGreaterThanOrEqual(500);
    } finally {
      await api.catalogue.raw`alter schema pgboss_away rename to pgboss`;
    }
    const rows = await api.catalogue.raw`
      select (select count(*)::int from verifications) as n, last_verification_id from backups`;
    expect(rows[0]).toEqual({ n: 0, last_verification_id: null });
  });
});

describe('cancel', () => {
  const call = (id: string) => api.call(cancel, 'POST', '/x', { params: { id } });

  test('notes who asked, and is safe to repeat', async () => {
    const backupId = await storedBackup();
    const { id } = VerificationAccepted.parse(await (await ask(backupId)).json());
    expect((await call(id)).status).toBe(202);
    expect((await call(id)).status).toBe(202);
    expect(await (await read(id)).json()).toMatchObject({ progress: { cancelRequested: true } });
    expect((await audit()).map(({ action }) => action as string)).toEqual([
      'verification.start',
      'verification.cancel',
    ]);
  });

  test('one that is over is a conflict, an unknown one not found', async () => {
    const { id } = VerificationAccepted.parse(await (await ask(await storedBackup())).json());
    await api.catalogue.raw`update verifications set status = 'PASSED' where id = ${id}`;
    expect((await problemOf(await call(id))).code).toBe('conflict');
    expect((await problemOf(await call(UNKNOWN))).code).toBe('not_found');
    expect((await problemOf(await read(UNKNOWN))).code).toBe('not_found');
  });
});

describe('proof', () => {
  test('the history filters by it, among completed backups only, and counts exactly', async () => {
    const proven = [await storedBackup(), await storedBackup({ ageHours: 50 })];
    await storedBackup({ ageHours: 10 });
    await api.catalogue.raw`update backups set proof = 'PROVEN', proven_at = now() where id = any(${proven})`;
    await storedBackup({ status: 'DELETED', ageHours: 70 });
    await api.catalogue.raw`update backups set proof = 'PROVEN' where status = 'DELETED'`;
    const page = async (query: string) =>
      BackupHistoryResponse.parse(await (await api.call(history, 'GET', `/x?${query}`)).json());
    expect(await page('proof=PROVEN')).toMatchObject({
      meta: { total: 2 },
      data: [{ id: proven[0] }, { id: proven[1] }],
    });
    for (const sort of ['size', 'duration', 'type', 'status'])
      expect((await page(`proof=PROVEN&sort=${sort}`)).data.map(({ id }) => id).sort()).toEqual(
        proven.toSorted(),
      );
    expect((await page('proof=NEVER')).meta.total).toBe(1);
    expect((await page('proof=FAILED')).data).toEqual([]);
    expect(await page('proof=PROVEN&status=FAILED')).toMatchObject({ meta: { total: 0 }, data: [] });
    expect((await page('proof=PROVEN&status=DELETED&sort=status')).data).toEqual([]);
    expect((await page('proof=PROVEN&limit=1&page=2')).data.map(({ id }) => id)).toEqual([proven[1]]);
  });

  test('the last proven backup is not deleted by hand; once another is proven it may be', async () => {
    const older = await storedBackup({ ageHours: 60 });
    await api.catalogue.raw`update backups set proof = 'PROVEN', proven_at = now() where id = ${older}`;
    const newer = await storedBackup({ ageHours: 30 });
    const remove = (id: string) => api.call(DELETE, 'DELETE', '/x', { params: { id } });
    const problem = await problemOf(await remove(older));
    expect(problem).toMatchObject({ code: 'protected', detail: 'this is the last proven backup' });
    expect(problem.hint).toContain('Prove another');
    await api.catalogue.raw`update backups set proof = 'PROVEN', proven_at = now() where id = ${newer}`;
    expect((await remove(older)).status).toBe(202);
  });

  test('a backup whose proof failed is no restore point: the one before it is protected, it is not', async () => {
    const older = await storedBackup({ ageHours: 60 });
    const newer = await storedBackup({ ageHours: 30 });
    await api.catalogue.raw`update backups set proof = 'FAILED', proof_failed_at = now() where id = ${newer}`;
    const remove = (id: string) => api.call(DELETE, 'DELETE', '/x', { params: { id } });
    expect((await problemOf(await remove(older))).code).toBe('protected');
    expect((await remove(newer)).status).toBe(202);
  });
});

const manifestOf = (
  id: string,
  takenAt: Date,
  facts: readonly (readonly [string, string, number | null])[],
) =>
  Manifest.parse({
    format: 1,
    id,
    holdfastVersion: '0.1.0',
    source: { kind: 'postgres', productVersion: '15.18', database: 'ims_db', dumpFormat: 'custom' },
    archive: 'x.dump.zst',
    tiers: ['DAILY'],
    description: null,
    takenAt: takenAt.toISOString(),
    snapshot: null,
    tools: {},
    stages: [],
    options: { tables: null, excludedTables: [], schemaOnly: false },
    plain: { bytes: 1, sha256: 'ab'.repeat(32) },
    stored: { bytes: 1, sha256: 'ab'.repeat(32) },
    encryption: null,
    facts: {
      tableCount: facts.length,
      tables: facts.map(([schema, name, rows]) => ({ schema, name, rows, unknown: null, bytes: 8192 })),
    },
  });

/** A backup so many hours old with these tables. */
async function backupWith(
  hours: number,
  facts: readonly (readonly [string, string, number | null])[],
  values: Parameters<typeof addBackup>[1] = {},
): Promise<string> {
  const id = await addBackup(api, { tiers: ['DAILY'], ageHours: hours, ...values });
  const document = manifestOf(id, new Date(Date.now() - hours * 3_600_000), facts);
  await api.backend.db.transaction((tx) => noteTables(tx, id, new Date(document.takenAt), document));
  await api.catalogue.raw`update backups set manifest = ${api.catalogue.raw.json(document)} where id = ${id}`;
  return id;
}

test('the manifest is what the catalogue noted; without one it is 404', async () => {
  const id = await backupWith(5, [['public', 'items', 7]]);
  const get = (of: string) => api.call(manifest, 'GET', '/x', { params: { id: of } });
  const shown = Manifest.strict().parse(await (await get(id)).json());
  expect(shown.facts.tables).toMatchObject([{ schema: 'public', name: 'items', rows: 7 }]);
  expect((await problemOf(await get(await storedBackup()))).detail).toBe('this backup has no manifest');
  expect((await problemOf(await get(UNKNOWN))).code).toBe('not_found');
});

describe('timelines', () => {
  const read = (name: string, query = '') => api.call(timeline, 'GET', `/x${query}`, { params: { name } });
  const points = async (name: string, query = '') =>
    TableTimeline.strict().parse(await (await read(name, query)).json());

  test('points oldest first; a fall is marked against the last known count', async () => {
    const counts = [100, 130, null, 100, 0, 50, 50];
    for (const [index, rows] of counts.entries()) await backupWith(100 - index, [['public', 'items', rows]]);
    const found = await points('items');
    expect(found).toMatchObject({ schema: 'public', name: 'items', dropPercent: 20 });
    expect(found.points.map(({ rows }) => rows)).toEqual(counts);
    expect(found.points.map(({ changePercent }) => changePercent?.toFixed(1) ?? null)).toEqual([
      null,
      '30.0',
      null,
      '-23.1',
      '-100.0',
      null,
      '0.0',
    ]);
    expect(found.points.map(({ isDrop }) => isDrop)).toEqual([false, false, false, true, true, false, false]);
    expect((await points('items', '?dropPercent=50')).points.filter(({ isDrop }) => isDrop)).toHaveLength(1);
    expect((await points('items', '?limit=2')).points.map(({ rows }) => rows)).toEqual([50, 50]);
    expect((await problemOf(await read('items', '?dropPercent=101'))).status).toBe(422);
  });

  test('whole backups that were good once, whatever became of them; partial, failed and running ones are left out', async () => {
    await backupWith(9, [['public', 'items', 1]], { status: 'DELETED' });
    await backupWith(8, [['public', 'items', 2]], { status: 'EXPIRED' });
    const proven = await backupWith(7, [['public', 'items', 3]]);
    await api.catalogue.raw`update backups set proof = 'PROVEN' where id = ${proven}`;
    await backupWith(6, [['public', 'items', 4]], { status: 'FAILED' });
    const partial = await backupWith(5, [['public', 'items', 5]]);
    await api.catalogue.raw`update backups set tables = '{items}' where id = ${partial}`;
    const schemaOnly = await backupWith(4, [['public', 'items', 6]]);
    await api.catalogue.raw`update backups set schema_only = true where id = ${schemaOnly}`;
    expect((await points('items')).points.map(({ rows, isProven }) => [rows, isProven])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
  });

  test('the list: the newest count of each table, and which are gone from the newest whole backup', async () => {
    await backupWith(9, [
      ['public', 'items', 5],
      ['public', 'old', 2],
      ['sales', 'items', 1],
    ]);
    await backupWith(8, [
      ['public', 'items', 6],
      ['sales', 'items', null],
    ]);
    const list = TableList.strict().parse(await (await api.call(tables, 'GET', '/x')).json());
    expect(list.data.map(({ schema, name, rows, isInNewest }) => [schema, name, rows, isInNewest])).toEqual([
      ['public', 'items', 6, true],
      ['sales', 'items', null, true],
      ['public', 'old', 2, false],
    ]);
    await api.catalogue.raw`truncate backups cascade`;
    expect(await (await api.call(tables, 'GET', '/x')).json()).toEqual({ data: [] });
  });

  test('names as PostgreSQL allows them: dots, quotes, percent signs, slashes, any script', async () => {
    const odd = ['a.b', 'he said "no"', '100%', 'a/b', 'größe 表', "o'clock", '; drop table backups'];
    await backupWith(
      3,
      odd.map((name, index) => ['public', name, index] as const),
    );
    for (const [index, name] of odd.entries()) {
      expect((await points(name)).points[0]?.rows).toBe(index);
      expect((await points(`public.${name}`)).points[0]?.rows).toBe(index);
    }
    expect((await problemOf(await read('nowhere'))).code).toBe('not_found');
    expect((await problemOf(await read('b'))).code).toBe('not_found');
    expect((await problemOf(await read('a\u0000b'))).status).toBe(422);
  });

  test('a bare name of several schemas is the public one, or has to be said in full', async () => {
    await backupWith(3, [
      ['public', 'items', 1],
      ['sales', 'items', 2],
      ['hr', 'people', 3],
      ['it', 'people', 4],
    ]);
    expect((await points('items')).schema).toBe('public');
    expect((await points('sales.items')).points[0]?.rows).toBe(2);
    const problem = await problemOf(await read('people'));
    expect(problem).toMatchObject({ code: 'invalid', status: 422 });
    expect(problem.hint).toContain('hr.people, it.people');
  });

  test('1,000 backups of 50 tables: a timeline reads its own rows, the list leaps from name to name', async () => {
    await api.catalogue.raw`
      insert into backups (filename, type, tiers, destinations, status, created_at)
      select 'x', 'DAILY', '{DAILY}', '{local}', 'COMPLETED', now() - i * interval '1 hour'
        from generate_series(1, 1000) i`;
    await api.catalogue.raw`
      insert into backup_tables (backup_id, schema, name, rows, taken_at)
      select b.id, 'public', 'table_' || t, t * 1000, b.created_at from backups b, generate_series(1, 50) t`;
    await api.catalogue.raw`analyze backups, backup_tables`;
    const plan = await api.catalogue.raw<{ 'QUERY PLAN': string }[]>`
      explain select t.rows from backup_tables t join backups b on b.id = t.backup_id
       where t.name = 'table_7' and t.schema = 'public' and b.tables is null order by t.taken_at desc limit 500`;
    const lines = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(lines).toMatch(/Index Scan (using|on) backup_tables_name/);
    expect(lines).not.toContain('Seq Scan on backup_tables');
    const timed = async (act: () => Promise<Response>): Promise<number> => {
      await act();
      const start = performance.now();
      expect((await act()).status).toBe(200);
      return performance.now() - start;
    };
    expect((await points('table_7', '?limit=1000')).points).toHaveLength(1000);
    // Far above what it takes (about 20 ms): a plan gone wrong takes seconds, a busy machine does not.
    expect(await timed(() => read('table_7'))).toBeLessThan(3000);
    expect(await timed(() => api.call(tables, 'GET', '/x'))).toBeLessThan(3000);
  });
});
