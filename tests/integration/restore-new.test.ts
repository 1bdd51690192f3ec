import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemOf } from '#tests/support/api.ts';
import { ordersOf, startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

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

const left = () => readdirSync(join(scene.api.backend.config.verify.dir));

describe('into a new database', () => {
  test('the preview says what it would do, and that nothing is in its way', async () => {
    const preview = await scene.preview(backupId, { targetDatabase: 'shop_copy' });
    expect(preview).toMatchObject({
      canStart: true,
      environment: 'production',
      needsReason: true,
      creates: ['database shop_copy with 2 tables'],
      replaces: [],
      drops: [],
    });
    const states = Object.fromEntries(preview.findings.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({
      target: 'OK',
      tools: 'OK',
      version: 'OK',
      createdb: 'OK',
      extensions: 'OK',
      roles: 'OK',
      proof: 'WARNING',
      age: 'OK',
    });
  });

  test('everything is there and compared, progress and report stay, nothing is left beside it', async () => {
    const id = await scene.start(backupId, { targetDatabase: 'shop_copy' });
    const restore = await scene.ended(id);
    expect(
      await scene.api.catalogue.raw`
        select action, details ->> 'sourceId' as "sourceId" from audit_entries where subject_id = ${id} order by id`,
    ).toEqual([
      { action: 'restore.start', sourceId: restore.sourceId },
      { action: 'restore.complete', sourceId: restore.sourceId },
    ]);
    expect(restore).toMatchObject({
      status: 'COMPLETED',
      error: null,
      proven: true,
      mode: 'new',
      copyDatabase: 'shop_copy',
      environment: 'production',
      reason: 'rows were deleted',
      requestedBy: 'admin token',
      canSwap: false,
      swap: null,
      progress: null,
    });
    expect(restore.restoreMs).toBeGreaterThan(0);
    expect(restore.durationMs).toBeGreaterThanOrEqual(restore.restoreMs ?? Infinity);
    const verdicts = Object.fromEntries(restore.checks.map(({ name, verdict }) => [name, verdict]));
    expect(verdicts).toMatchObject({ sha256: 'PASSED', 'rows:public.orders': 'PASSED', owners: 'PASSED' });
    expect(restore.checks.filter(({ verdict }) => verdict === 'FAILED')).toEqual([]);
    expect(await ordersOf(scene.source, 'shop_copy')).toBe(2000);
    expect(await scene.databases()).toEqual(['shop', 'shop_copy']);
    expect(await scene.actions(id)).toEqual(['restore.start', 'restore.complete']);
    expect(left()).toEqual([]);
  });

  test('it can be looked at beside nothing, with its first rows', async () => {
    const [row] = await scene.api.catalogue.raw<{ id: string }[]>`select id from restores limit 1`;
    const look = await scene.look(row!.id, '?schema=public&table=customers');
    expect(look).toMatchObject({ database: 'shop_copy', liveDatabase: null });
    expect(look.tables).toContainEqual({ schema: 'public', name: 'orders', rows: 2000, liveRows: null });
    expect(look.sample).toMatchObject({ columns: ['id', 'name'] });
    expect(look.sample?.rows[0]).toEqual(['1', 'customer 1']);
    // The answer holds rows of the application, and does not stay in the catalogue.
    expect(await scene.api.catalogue.raw`select 1 from restore_looks`).toHaveLength(0);
  });

  test('a target that exists is refused at once, and stays as it is', async () => {
    expect(await problemOf(await scene.ask(backupId, { targetDatabase: 'shop' }))).toMatchObject({
      status: 409,
      code: 'target_not_empty',
    });
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
  });

  test.each([
    ['quotes and spaces', `sh"op 'x' $y`],
    ['63 bytes of other letters', `${'é'.repeat(30)}商`],
  ])('a name with %s', async (_, targetDatabase) => {
    const restore = await scene.ended(await scene.start(backupId, { targetDatabase, schemaOnly: true }));
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: false });
    expect(await ordersOf(scene.source, targetDatabase)).toBe(0);
    await scene.source.sql('postgres', `drop database "${targetDatabase.replaceAll('"', '""')}"`);
    expect(await scene.databases()).toEqual(['shop', 'shop_copy']);
  });
});

describe('what goes wrong leaves nothing', () => {
  test('a damaged archive is found before anything is made', async () => {
    const damaged = await scene.backUp();
    const [copy] = await scene.api.catalogue.raw<{ key: string }[]>`
      select key from backup_copies where backup_id = ${damaged}`;
    const path = join(scene.api.folder, copy!.key);
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(path, bytes);
    const restore = await scene.ended(await scene.start(damaged, { targetDatabase: 'never' }));
    expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'integrity' }, copyDatabase: null });
    expect(await scene.databases()).toEqual(['shop', 'shop_copy']);
    expect(left()).toEqual([]);
  });

  test('a restore that is cancelled in its middle drops what it made', async () => {
    // Rebuilding this index takes its time.
    await scene.source.sql(
      'shop',
      `create function slow(integer) returns integer immutable language plpgsql as
         'begin perform pg_sleep(0.02); return $1; end';
       create index customers_slow on customers (slow(id))`,
    );
    try {
      const slow = await scene.backUp();
      const id = await scene.start(slow, { targetDatabase: 'never' });
      await scene.until(
        id,
        ({ copyDatabase, progress }) => copyDatabase !== null && progress?.tableCount === 2,
      );
      const running = await scene.read(id);
      expect(running.progress).toMatchObject({ phase: 'restoring', tableCount: 2 });
      expect((await scene.act('cancel', id)).status).toBe(202);
      const restore = await scene.ended(id);
      expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'cancelled' }, copyDatabase: null });
      expect(await scene.databases()).toEqual(['shop', 'shop_copy']);
      expect(await scene.actions(id)).toEqual(['restore.start', 'restore.cancel', 'restore.fail']);
      expect(left()).toEqual([]);
    } finally {
      await scene.source.sql('shop', 'drop index customers_slow; drop function slow');
    }
  });

  test('a database that came to stand there meanwhile is left alone', async () => {
    const id = await scene.start(backupId, { targetDatabase: 'taken' });
    await scene.source.sql('postgres', 'create database taken');
    const restore = await scene.ended(id);
    expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'target_not_empty' } });
    expect(await scene.databases()).toEqual(['shop', 'shop_copy', 'taken']);
    await scene.source.sql('postgres', 'drop database taken');
  });

  test('a backup that is deleted meanwhile is not restored', async () => {
    const gone = await scene.backUp();
    const raw = scene.api.catalogue.raw;
    const [row] = await raw<{ id: string }[]>`
      insert into restores (backup_id, destination, mode, target_database, environment, plan, requested_by)
      values (${gone}, 'local', 'new', 'never', 'production',
              ${raw.json({ mode: 'new', targetDatabase: 'never', schemaOnly: false, dataOnly: false, noOwner: false, pauseBeforeSwap: false, hooks: [] })}, 'test')
      returning id`;
    await raw`update backups set status = 'DELETED' where id = ${gone}`;
    // Its job is lost, too: recovery finds it.
    const restore = await scene.ended(row!.id);
    expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'conflict' } });
    expect(restore.error?.message).toContain('deleted');
  });
});
