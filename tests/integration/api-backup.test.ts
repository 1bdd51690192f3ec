import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DELETE, GET as detail } from '#app/api/v1/admin/backup/[id]/route.ts';
import { GET as download } from '#app/api/v1/admin/backup/[id]/download/route.ts';
import { POST as cancel } from '#app/api/v1/admin/backup/[id]/cancel/route.ts';
import { GET as history } from '#app/api/v1/admin/backup/history/route.ts';
import { POST as trigger } from '#app/api/v1/admin/backup/trigger/route.ts';
import { BackupDetail, BackupHistoryResponse, TriggerBackupResponse } from '#lib/contracts/backup.ts';
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

const jobs = async (name: string) =>
  (await api.catalogue.raw`select data from pgboss.job where name = ${name}`).map(
    (row) => (row['data'] as { backupId: string }).backupId,
  );
const lastAudit = async () =>
  (
    await api.catalogue
      .raw`select action, subject_id, actor_kind, actor_name, address, request_id, details from audit_entries order by id desc limit 1`
  )[0];
const post = (json?: unknown, options: object = {}) =>
  api.call(trigger, 'POST', '/api/v1/admin/backup/trigger', {
    ...(json === undefined ? {} : { json }),
    ...options,
  });

describe('trigger', () => {
  test('answers 202 with BR-007’s fields and leaves row, audit entry and job', async () => {
    const response = await post({ description: 'before the upgrade', tables: ['items'], schemaOnly: true });
    expect(response.status).toBe(202);
    const answer = TriggerBackupResponse.strict().parse(await response.json());
    expect(answer).toMatchObject({ status: 'IN_PROGRESS', message: 'Backup started' });
    expect(await jobs('backup')).toEqual([answer.id]);
    const shown = BackupDetail.parse(
      await (await api.call(detail, 'GET', `/x`, { params: { id: answer.id } })).json(),
    );
    expect(shown).toMatchObject({
      status: 'IN_PROGRESS',
      type: 'MANUAL',
      storage: 'local',
      description: 'before the upgrade',
      options: { tables: ['items'], schemaOnly: true },
      progress: { phase: 'queued', percent: null, cancelRequested: false },
      error: null,
    });
    expect(await lastAudit()).toMatchObject({
      action: 'backup.create',
      subject_id: answer.id,
      actor_kind: 'token',
      actor_name: 'admin token',
      address: '192.0.2.7',
      request_id: response.headers.get('x-request-id'),
    });
  });

  test('an empty body is accepted', async () => {
    expect((await post()).status).toBe(202);
  });

  test('two at once: one is accepted, one refused, one job', async () => {
    const answers = await Promise.all([post(), post(), post(), post()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 429, 429, 429]);
    expect(await jobs('backup')).toHaveLength(1);
  });

  test('within the interval 429 with Retry-After; a failed one does not count', async () => {
    const id = await addBackup(api, { ageHours: 0.5 });
    const refused = await post();
    expect(await problemOf(refused)).toMatchObject({ code: 'rate_limited', status: 429 });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(1700);
    expect(wait).toBeLessThanOrEqual(1800);
    await api.catalogue.raw`update backups set status = 'FAILED' where id = ${id}`;
    expect((await post()).status).toBe(202);
  });

  test('after the interval it is accepted', async () => {
    await addBackup(api, { ageHours: 1.01 });
    expect((await post()).status).toBe(202);
  });

  test('what was taken before a restore, for its safety, keeps nobody from taking one afterwards', async () => {
    await addBackup(api, { ageHours: 0.1, filename: 'ims_backup_before_restore_2026-11-20_01-00.dump.zst' });
    expect((await post()).status).toBe(202);
    await api.catalogue.raw`update backups set status = 'FAILED' where status = 'IN_PROGRESS'`;
    await addBackup(api, { ageHours: 0.1, filename: 'ims_backup_2026-11-20_01-00.dump.zst' });
    expect((await post()).status).toBe(429);
  });

  test('while another backup runs: 409 locked', async () => {
    await addBackup(api, { tiers: ['DAILY'], status: 'IN_PROGRESS' });
    expect(await problemOf(await post())).toMatchObject({ code: 'locked', status: 409 });
    expect(await jobs('backup')).toEqual([]);
  });

  test.each([
    ['body not JSON', { body: '{"type":' }, 400, 'usage', undefined],
    ['a list', { json: [] }, 422, 'invalid', 'body'],
    ['another type', { json: { type: 'DAILY' } }, 422, 'invalid', 'type'],
    ['an unknown field', { json: { typ: 'MANUAL' } }, 422, 'invalid', 'typ'],
    ['a name with ../', { json: { tables: ['../etc/passwd'] } }, 422, 'invalid', 'tables.0'],
    ['a name with NUL', { json: { tables: ['a\u0000b'] } }, 422, 'invalid', 'tables.0'],
    ['a name with a newline', { json: { tables: ['ok', 'a\nb'] } }, 422, 'invalid', 'tables.1'],
    ['a note with NUL', { json: { description: 'a\u0000' } }, 422, 'invalid', 'description'],
    ['S3 that is not configured', { json: { uploadToS3: true } }, 422, 'invalid', 'uploadToS3'],
    ['a string for a flag', { json: { uploadToS3: 'yes' } }, 422, 'invalid', 'uploadToS3'],
  ] as const)('refuses %s', async (_name, request, status, code, field) => {
    const problem = await problemOf(await api.call(trigger, 'POST', '/x', request));
    expect(problem).toMatchObject({ status, code });
    expect(problem.hint).toBeTruthy();
    if (field !== undefined) {
      expect(problem.errors?.map((error) => error.field)).toContain(field);
      expect(problem.detail).toContain(field);
    }
    expect(await jobs('backup')).toEqual([]);
  });

  test('row, audit entry and job come together or not at all', async () => {
    const counts = async () =>
      (
        await api.catalogue
          .raw`select (select count(*) from backups) as backups, (select count(*) from audit_entries) as entries`
      )[0];
    const before = await counts();
    await api.catalogue.raw`alter schema pgboss rename to pgboss_away`;
    try {
      expect((await post()).status).toBeGreaterThanOrEqual(500);
    } finally {
      await api.catalogue.raw`alter schema pgboss_away rename to pgboss`;
    }
    expect(await counts()).toEqual(before);
    expect((await post()).status).toBe(202);
  });

  test('a body over the limit is refused', async () => {
    const problem = await problemOf(await post({ description: 'x'.repeat(1_100_000) }));
    expect(problem).toMatchObject({ status: 400, code: 'usage' });
  });
});

describe('who may', () => {
  const routes = [
    ['POST trigger', trigger, 'POST', {}],
    ['GET history', history, 'GET', {}],
    ['GET one', detail, 'GET', { id: UNKNOWN }],
    ['GET download', download, 'GET', { id: UNKNOWN }],
    ['DELETE one', DELETE, 'DELETE', { id: UNKNOWN }],
    ['POST cancel', cancel, 'POST', { id: UNKNOWN }],
  ] as const;
  test.each(routes)('%s: nobody 401, a viewer 403', async (_name, handler, method, params) => {
    const nobody = await api.call(handler, method, '/x', { as: null, params });
    expect(await problemOf(nobody)).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(nobody.headers.get('www-authenticate')).toContain('Bearer');
    expect(await problemOf(await api.call(handler, method, '/x', { as: 'viewer', params }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
  });
});

describe('one backup', () => {
  test('unknown id 404, malformed id 422 naming it', async () => {
    for (const [handler, method] of [
      [detail, 'GET'],
      [download, 'GET'],
      [DELETE, 'DELETE'],
      [cancel, 'POST'],
    ] as const) {
      const unknown = await problemOf(await api.call(handler, method, '/x', { params: { id: UNKNOWN } }));
      expect(unknown).toMatchObject({ status: 404, code: 'not_found' });
      for (const id of ['1', '../x', 'a\u0000b', "' or 1=1", 'x'.repeat(5000)]) {
        const malformed = await problemOf(await api.call(handler, method, '/x', { params: { id } }));
        expect(malformed).toMatchObject({ status: 422, code: 'invalid' });
        expect(malformed.errors?.[0]?.field).toBe('id');
      }
    }
  });

  test('shows copies and the error of a failed run', async () => {
    const id = await addBackup(api, { status: 'FAILED' });
    await addCopy(api, id, { destination: 'local', key: 'x.dump', status: 'FAILED' });
    await api.catalogue.raw`
      update backups set error_code = 'source_auth', error_message = 'wrong password', error_hint = 'Do this.',
                         duration_ms = 1600 where id = ${id}`;
    const shown: unknown = await (await api.call(detail, 'GET', '/x', { params: { id } })).json();
    expect(BackupDetail.parse(shown)).toMatchObject({
      error: { code: 'source_auth', message: 'wrong password', hint: 'Do this.' },
      copies: [{ destination: 'local', key: 'x.dump', status: 'FAILED' }],
      duration: 2,
      durationMs: 1600,
      progress: null,
    });
  });

  test('is the row of the history, word for word, and what the page needs besides', async () => {
    const id = await addBackup(api, { tiers: ['DAILY', 'WEEKLY'], ageHours: 30 });
    const list = (await (await api.call(history, 'GET', '/x')).json()) as { data: object[] };
    const shown = (await (await api.call(detail, 'GET', '/x', { params: { id } })).json()) as object;
    expect(shown).toMatchObject(list.data[0] ?? {});
    expect(Object.keys(shown)).toEqual(
      expect.arrayContaining(['durationMs', 'progress', 'copies', 'error', 'plainSize', 'options']),
    );
  });

  test('cancel: 202 while it runs, once in the audit log, 409 afterwards', async () => {
    const id = await addBackup(api, { status: 'IN_PROGRESS' });
    for (let i = 0; i < 2; i += 1) {
      const response = await api.call(cancel, 'POST', '/x', { params: { id } });
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({ id, status: 'IN_PROGRESS' });
    }
    const entries = await api.catalogue.raw`select 1 from audit_entries where action = 'backup.cancel'`;
    expect(entries).toHaveLength(1);
    await api.catalogue.raw`update backups set status = 'COMPLETED' where id = ${id}`;
    expect(await problemOf(await api.call(cancel, 'POST', '/x', { params: { id } }))).toMatchObject({
      status: 409,
      code: 'conflict',
    });
  });

  test('delete: under 24 hours 409 protected; older EXPIRED with a job and an audit entry; twice 409', async () => {
    const old = await addBackup(api, { ageHours: 24.1 });
    const young = await addBackup(api, { ageHours: 23.9 });
    const refused = await problemOf(await api.call(DELETE, 'DELETE', '/x', { params: { id: young } }));
    expect(refused).toMatchObject({ status: 409, code: 'protected' });
    expect(await jobs('remove')).toEqual([]);
    const response = await api.call(DELETE, 'DELETE', '/x', { params: { id: old } });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ id: old, status: 'EXPIRED', message: 'Backup is being deleted' });
    expect(await jobs('remove')).toEqual([old]);
    expect(await lastAudit()).toMatchObject({ action: 'backup.delete', subject_id: old });
    expect(await problemOf(await api.call(DELETE, 'DELETE', '/x', { params: { id: old } }))).toMatchObject({
      status: 409,
      code: 'conflict',
    });
  });

  test('delete: the newest completed one is kept, a running one too, a failed one goes at once', async () => {
    const only = await addBackup(api, { ageHours: 100 });
    const running = await addBackup(api, { status: 'IN_PROGRESS' });
    const failed = await addBackup(api, { status: 'FAILED' });
    const remove = (id: string) => api.call(DELETE, 'DELETE', '/x', { params: { id } });
    expect(await problemOf(await remove(only))).toMatchObject({ status: 409, code: 'protected' });
    expect(await problemOf(await remove(running))).toMatchObject({ status: 409, code: 'conflict' });
    expect((await remove(failed)).status).toBe(202);
  });

  test('deleting twice at once leaves one job', async () => {
    const id = await addBackup(api, { ageHours: 100 });
    await addBackup(api, { ageHours: 50 });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api.call(DELETE, 'DELETE', '/x', { params: { id } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409]);
    expect(await jobs('remove')).toEqual([id]);
  });
});

describe('history', () => {
  test('BR-007’s fields, and a Sunday daily found as WEEKLY', async () => {
    const id = await addBackup(api, { tiers: ['DAILY', 'WEEKLY'], sizeBytes: 47_395_635 });
    const response = await api.call(history, 'GET', '/x?type=WEEKLY&page=1&limit=10');
    expect(response.status).toBe(200);
    const answer = BackupHistoryResponse.parse(await response.json());
    expect(answer.meta).toEqual({ total: 1, page: 1, limit: 10 });
    expect(answer.data[0]).toMatchObject({
      id,
      size: 47_395_635,
      sizeHuman: '45.2 MB',
      type: 'DAILY',
      storage: 'local',
      status: 'COMPLETED',
      duration: 0,
      checksum: 'ab'.repeat(32),
      expiresAt: null,
    });
    expect(answer.summary).toMatchObject({ totalBackups: 1, totalSize: 47_395_635, lastFailed: null });
    expect(answer.summary.lastSuccessful).toBe(answer.data[0]?.createdAt);
    expect(new Date(answer.summary.nextScheduled ?? 0).getUTCHours()).toBe(1);
  });

  test('each field of BR-007 is there, under its name and with its type, also where nothing is known yet', async () => {
    await addBackup(api, { ageHours: 2 });
    await addBackup(api, { status: 'FAILED' });
    await api.catalogue.raw`insert into backups (filename, type, tiers, destinations)
      values ('x.dump', 'MANUAL', '{MANUAL}', '{s3,local}')`;
    const answer = (await (await api.call(history, 'GET', '/x')).json()) as {
      data: Record<string, unknown>[];
      meta: object;
      summary: object;
    };
    expect(Object.keys(answer).sort()).toEqual(['data', 'meta', 'summary']);
    expect(answer.meta).toEqual({ total: 3, page: 1, limit: 20 });
    expect(answer.data).toHaveLength(3);
    const text = expect.any(String) as string;
    const number = expect.any(Number) as number;
    for (const row of answer.data) {
      expect(row).toMatchObject({
        id: text,
        filename: text,
        size: number,
        sizeHuman: text,
        type: text,
        storage: expect.stringMatching(/^(local|s3)$/) as string,
        status: text,
        duration: number,
        checksum: text,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        expiresAt: null,
      });
    }
    expect(answer.summary).toEqual({
      totalBackups: 1,
      totalSize: 1000,
      lastSuccessful: text,
      lastFailed: text,
      nextScheduled: text,
    });
  });

  test.each([
    ['page=-1', 'page'],
    ['page=0', 'page'],
    ['page=x', 'page'],
    ['page=1&page=2', 'page'],
    ['limit=201', 'limit'],
    ['limit=0', 'limit'],
    ['type=FORTNIGHTLY', 'type'],
    ['status=DONE', 'status'],
    ['from=2026-11-21&to=2026-11-20', 'from'],
    ['from=yesterday', 'from'],
    ['to=2026-13-01', 'to'],
    ['sort=filename;drop', 'sort'],
    ['order=up', 'order'],
    ['colour=blue', 'colour'],
  ])('%s is refused, naming the field', async (query, field) => {
    const problem = await problemOf(await api.call(history, 'GET', `/x?${query}`));
    expect(problem).toMatchObject({ status: 422, code: 'invalid' });
    expect(problem.errors?.map((error) => error.field)).toContain(field);
    expect(problem.detail).toContain(field);
  });
});

test('without its catalogue the API says so, and comes back with it', async () => {
  await api.server.stop('SIGQUIT');
  expect(await problemOf(await api.call(history, 'GET', '/x'))).toMatchObject({
    status: 503,
    code: 'catalogue_down',
  });
  await api.server.start();
  expect((await api.call(history, 'GET', '/x')).status).toBe(200);
  expect((await post()).status).toBe(202);
});
