import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POST as preview } from '#app/api/v1/admin/backup/[id]/restore/preview/route.ts';
import { POST as restore } from '#app/api/v1/admin/backup/[id]/restore/route.ts';
import { POST as cancel } from '#app/api/v1/admin/restores/[id]/cancel/route.ts';
import { GET as look } from '#app/api/v1/admin/restores/[id]/look/route.ts';
import { GET as read } from '#app/api/v1/admin/restores/[id]/route.ts';
import { POST as swap } from '#app/api/v1/admin/restores/[id]/swap/route.ts';
import { POST as undo } from '#app/api/v1/admin/restores/[id]/undo/route.ts';
import { GET as list } from '#app/api/v1/admin/restores/route.ts';
import { RestoreList } from '#lib/contracts/restore.ts';
import { Secret } from '#lib/core/secret.ts';
import { addBackup, problemOf } from '#tests/support/api.ts';
import { startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
let scene: RestoreApi;
let worker: Worker;
let backupId: string;
beforeAll(async () => {
  scene = await startRestoreApi();
  worker = startWorker(scene.api.backend.config, { log: scene.api.backend.log });
  await worker.ready;
  backupId = await scene.backUp();
});
afterAll(async () => {
  await worker.stop();
  await scene[Symbol.asyncDispose]();
});

const refused = async (request: object, id = backupId) =>
  problemOf(await scene.ask(id, { targetDatabase: 'copy', ...request }));
/** Findings that are not OK, of a preview over a manifest that was changed in the catalogue. */
const changed = async (change: string, plan: object): Promise<Record<string, string>> => {
  const { raw } = scene.api.catalogue;
  const [row] = await raw<{ manifest: never }[]>`select manifest from backups where id = ${backupId}`;
  await raw.unsafe(`update backups set manifest = ${change} where id = '${backupId}'`);
  try {
    const { findings } = await scene.preview(backupId, { targetDatabase: 'copy', ...plan });
    return Object.fromEntries(findings.map(({ name, state, detail }) => [name, `${state}: ${detail}`]));
  } finally {
    await raw`update backups set manifest = ${raw.json(row!.manifest)} where id = ${backupId}`;
  }
};
const set = (path: string, value: unknown): string =>
  `jsonb_set(manifest, '{${path}}', '${JSON.stringify(value)}')`;

describe('what is refused before anything begins', () => {
  test('only an administrator may', async () => {
    const params = { id: UNKNOWN };
    for (const [handler, method] of [
      [preview, 'POST'],
      [restore, 'POST'],
      [cancel, 'POST'],
      [swap, 'POST'],
      [undo, 'POST'],
      [read, 'GET'],
      [look, 'GET'],
      [list, 'GET'],
    ] as const) {
      expect((await scene.api.call(handler, method, '/x', { params, as: 'viewer' })).status).toBe(403);
      expect((await scene.api.call(handler, method, '/x', { params, as: null })).status).toBe(401);
    }
  });

  test('a name that is typed wrong, a reason that is missing', async () => {
    const wrong = await refused({ confirm: 'Copy' });
    expect(wrong).toMatchObject({ status: 422, code: 'invalid' });
    expect(wrong.errors?.map(({ field }) => field)).toEqual(['confirm']);
    const silent = await refused({ reason: '  ' });
    expect(silent).toMatchObject({ status: 422, code: 'invalid' });
    expect(silent.errors?.map(({ field }) => field)).toEqual(['reason']);
  });

  test.each([
    ['64 bytes', { targetDatabase: 'é'.repeat(32) }, 'targetDatabase'],
    ['no name', { targetDatabase: '' }, 'targetDatabase'],
    ['a control character', { targetDatabase: 'a\nb' }, 'targetDatabase'],
    ['rows only into nothing', { dataOnly: true }, 'dataOnly'],
    ['a swap without rows', { mode: 'swap', schemaOnly: true }, 'mode'],
    ['a pause of another mode', { pauseBeforeSwap: true }, 'pauseBeforeSwap'],
    ['a command', { hooks: [''] }, 'hooks.0'],
    ['a stranger', { clean: true }, 'clean'],
  ])('%s', async (_, request, field) => {
    const problem = await refused(request);
    expect(problem).toMatchObject({ status: 422, code: 'invalid' });
    expect(problem.errors?.map((error) => error.field)).toContain(field);
  });

  test.each([
    ['FAILED', 409, 'conflict'],
    ['DELETED', 409, 'conflict'],
    ['COMPLETED', 409, 'conflict'],
  ])('a backup that is %s and has no copy', async (status, http, code) => {
    expect(await refused({}, await addBackup(scene.api, { status }))).toMatchObject({ status: http, code });
    expect(await refused({}, UNKNOWN)).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('a second restore to one target', async () => {
    const { raw } = scene.api.catalogue;
    const plan = raw.json({ mode: 'new', targetDatabase: 'copy' });
    const [row] = await raw<{ id: string }[]>`
      insert into restores (backup_id, destination, mode, target_database, environment, plan, requested_by, worker_id, heartbeat_at)
      values (${backupId}, 'local', 'new', 'copy', 'production', ${plan}, 'test', ${UNKNOWN}, now() + interval '1 hour') returning id`;
    expect(await refused({})).toMatchObject({ status: 409, code: 'locked' });
    await raw`delete from restores where id = ${row!.id}`;
  });

  test('databases that belong to the server', async () => {
    expect(await refused({ mode: 'swap', targetDatabase: 'postgres' })).toMatchObject({ code: 'protected' });
  });

  test('what is not there', async () => {
    for (const handler of [cancel, swap, undo]) {
      const json = handler === cancel ? {} : { confirm: 'x' };
      const response = await scene.api.call(handler, 'POST', '/x', { params: { id: UNKNOWN }, json });
      expect(await problemOf(response)).toMatchObject({ status: 404, code: 'not_found' });
    }
    const one = await scene.api.call(read, 'GET', '/x', { params: { id: UNKNOWN } });
    expect(await problemOf(one)).toMatchObject({ status: 404 });
    const looked = await scene.api.call(look, 'GET', '/x', { params: { id: UNKNOWN } });
    expect(await problemOf(looked)).toMatchObject({ status: 404 });
    const shown: unknown = await (await scene.api.call(list, 'GET', '/x')).json();
    expect(RestoreList.strict().parse(shown).data).toEqual([]);
    expect(await scene.databases()).toEqual(['shop']);
  });
});

describe('what a preview finds', () => {
  test('a role, an extension and a newer server', async () => {
    expect(await changed(set('facts,roles', ['nobody here', 'seller']), {})).toMatchObject({
      roles: 'BLOCKED: roles that are not on the server: nobody here',
    });
    expect(await changed(set('facts,roles', ['nobody here']), { noOwner: true })).toMatchObject({
      roles: 'OK: owners and grants are left out',
    });
    const extensions = [{ name: 'postgis', print: '' }];
    expect(await changed(set('facts,objects,extensions', extensions), {})).toMatchObject({
      extensions: 'BLOCKED: not available on the server: postgis',
    });
    expect(await changed(set('source,productVersion', '99.1'), {})).toMatchObject({
      version: expect.stringMatching(/^BLOCKED: the backup comes from PostgreSQL 99\.1/) as string,
    });
    expect(await changed(set('tools,pg_dump', '99.1'), {})).toMatchObject({
      tools: expect.stringMatching(/^BLOCKED: pg_dump 99\.1 wrote this archive/) as string,
    });
  });

  test('an archive that nobody can open here', async () => {
    const age = [{ stage: 'age', version: 1, params: {} }];
    expect(await changed(set('stages', age), {})).toMatchObject({
      key: expect.stringMatching(/^BLOCKED: the archive is encrypted/) as string,
    });
  });

  test('a swap with a backup of less than everything, or of nothing that is there', async () => {
    const plan = { mode: 'swap', targetDatabase: 'shop' };
    expect(await changed(set('options,tables', ['orders']), plan)).toMatchObject({
      whole: 'BLOCKED: this backup holds chosen tables only',
    });
    expect(await changed(set('options,schemaOnly', true), plan)).toMatchObject({
      whole: 'BLOCKED: this backup holds no rows',
    });
    expect(await changed('manifest', { ...plan, targetDatabase: 'nowhere' })).toMatchObject({
      target: 'BLOCKED: there is no database nowhere',
    });
    const fine = await scene.preview(backupId, plan);
    expect(fine.canStart).toBe(true);
    expect(fine.keeps[0]).toContain('shop_before_');
  });

  test('a command that this server does not know', async () => {
    const findings = await changed('manifest', { hooks: ['stop-app'] });
    expect(findings['hooks']).toBe('BLOCKED: this server knows no command named stop-app');
  });
});

// Last, because they take the worker away.
describe('without what it takes', () => {
  test('a user who may not create databases', async () => {
    await worker.stop();
    await scene.source.sql('postgres', `create role limited login password 'limited'`);
    const { config } = scene.api.backend;
    worker = startWorker(
      { ...config, source: { ...config.source, user: 'limited', password: new Secret('limited') } },
      { log: scene.api.backend.log },
    );
    await worker.ready;
    const problem = await refused({});
    expect(problem).toMatchObject({
      status: 409,
      code: 'conflict',
      detail: 'the configured user may not create databases',
    });
    expect(problem.hint).toContain('createdb');
    expect(await scene.databases()).toEqual(['shop']);
  });

  test('no worker', async () => {
    await worker.stop();
    expect(await refused({})).toMatchObject({ status: 503, code: 'worker_absent' });
    const response = await scene.api.call(preview, 'POST', '/x', {
      params: { id: backupId },
      json: { targetDatabase: 'copy' },
    });
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'worker_absent' });
  });
});
