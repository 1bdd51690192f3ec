import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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

const swap = { mode: 'swap', targetDatabase: 'shop' } as const;
const connect = (database: string, more: object = {}) =>
  postgres({
    host: '127.0.0.1',
    port: scene.source.port,
    user: 'postgres',
    password: 'postgres',
    database,
    max: 1,
    fetch_types: false,
    onnotice: () => undefined,
    ...more,
  });

beforeEach(async () => {
  // As it is in the backup, and then the accident.
  for (const name of (await scene.databases()).filter((one) => one !== 'shop'))
    await scene.source.sql('postgres', `drop database "${name}" with (force)`);
  await scene.source.sql('shop', `delete from orders where id > 40`);
});

const propertiesOf = async (database: string) => {
  const [row] = await scene.source.sql<object>(
    'postgres',
    `select pg_get_userbyid(datdba) as owner, datconnlimit, datallowconn, datacl::text, shobj_description(d.oid, 'pg_database') as comment,
       (select jsonb_agg(jsonb_build_array(setrole::regrole::text, setconfig) order by setrole) from pg_db_role_setting where setdatabase = d.oid) as settings
     from pg_database d where datname = '${database}'`,
  );
  return row;
};

describe('a swap', () => {
  test('a client that reconnects sees all old or all new rows, properties come along, undo brings the old back', async () => {
    await scene.source.sql(
      'postgres',
      `create role "the owner's" nologin;
       alter database shop owner to "the owner's";
       alter database shop with connection limit 77;
       comment on database shop is 'it''s live';
       alter database shop set search_path to "$user", public, 'odd, "one"';
       alter database shop set work_mem to '5MB';
       alter database shop set my.greeting to 'a, "b"';
       alter role seller in database shop set statement_timeout to '7s';
       revoke connect on database shop from public;
       grant connect, temporary on database shop to seller with grant option`,
    );
    const before = await propertiesOf('shop');
    const seen = new Set<number>();
    const clientEnd = new AbortController();
    const client = (async () => {
      while (!clientEnd.signal.aborted) {
        try {
          seen.add(await ordersOf(scene.source, 'shop'));
        } catch {
          // Refused for a moment: it tries again.
        }
        await sleep(5);
      }
    })();
    // One that never goes by itself, in the middle of a transaction.
    const idle = connect('shop');
    await idle.unsafe('begin');
    await idle.unsafe('update customers set name = null where false');
    const id = await scene.start(backupId, swap);
    const swapped = await scene.ended(id);
    try {
      expect(swapped).toMatchObject({ status: 'COMPLETED', error: null, proven: true, copyDatabase: null });
      // It may be between two looks.
      await expect.poll(() => seen.has(2000), { timeout: 30_000 }).toBe(true);
    } finally {
      clientEnd.abort();
      await client;
      await idle.end({ timeout: 1 }).catch(() => undefined);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([40, 2000]);
    const kept = swapped.swap!.keptDatabase;
    expect(kept).toMatch(/^shop_before_\d{14}$/);
    expect(swapped.swap).toMatchObject({ undoneAt: null, canUndo: true });
    expect(swapped.swap!.interruptionMs).toBeGreaterThan(0);
    expect(swapped.swap!.interruptionMs).toBeLessThan(20_000);
    expect(await scene.databases()).toEqual(['shop', kept]);
    expect(await propertiesOf('shop')).toEqual(before);
    expect(await propertiesOf(kept)).toEqual(before);
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
    expect(await ordersOf(scene.source, kept)).toBe(40);
    expect(await scene.look(id)).toMatchObject({
      database: 'shop',
      liveDatabase: kept,
      tables: [
        { name: 'customers', rows: 200, liveRows: 200 },
        { name: 'orders', rows: 2000, liveRows: 40 },
      ],
    });

    expect(await problemOf(await scene.act('undo', id, 'shop '))).toMatchObject({ code: 'invalid' });
    expect((await scene.act('undo', id, 'shop')).status).toBe(202);
    const undone = await scene.ended(id);
    expect(undone).toMatchObject({ status: 'COMPLETED', error: null, canSwap: true });
    expect(undone.swap).toMatchObject({ keptDatabase: kept, canUndo: false });
    expect(undone.copyDatabase).toMatch(/^shop_undone_\d{14}$/);
    expect(await scene.databases()).toEqual(['shop', undone.copyDatabase]);
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
    expect(await propertiesOf('shop')).toEqual(before);
    expect(await problemOf(await scene.act('undo', id, 'shop'))).toMatchObject({ code: 'conflict' });

    expect((await scene.act('swap', id, 'shop')).status).toBe(202);
    const again = await scene.ended(id);
    expect(again).toMatchObject({ status: 'COMPLETED', error: null, copyDatabase: null, canSwap: false });
    expect(again.swap).toMatchObject({ undoneAt: null, canUndo: true });
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
    expect(await scene.actions(id)).toEqual([
      'restore.start',
      'restore.swap',
      'restore.complete',
      'restore.request-undo',
      'restore.undo',
      'restore.request-swap',
      'restore.swap',
      'restore.complete',
    ]);
  });

  test('a copy that waits can be looked at, swapped in or given up', async () => {
    const id = await scene.start(backupId, { ...swap, pauseBeforeSwap: true });
    const ready = await scene.ended(id);
    expect(ready).toMatchObject({ status: 'IN_PROGRESS', proven: true, canSwap: true, swap: null });
    expect(ready.copyDatabase).toMatch(/^shop_restore_\d{14}$/);
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
    expect((await scene.look(id)).tables).toContainEqual({
      schema: 'public',
      name: 'orders',
      rows: 2000,
      liveRows: 40,
    });
    expect(await problemOf(await scene.ask(backupId, swap))).toMatchObject({ status: 409, code: 'locked' });
    expect((await scene.act('swap', id, 'shop')).status).toBe(202);
    expect(await scene.ended(id)).toMatchObject({ status: 'COMPLETED', error: null, canSwap: false });
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);

    const other = await scene.start(backupId, { ...swap, pauseBeforeSwap: true });
    await scene.ended(other);
    expect((await scene.act('cancel', other)).status).toBe(202);
    const given = await scene.until(other, ({ status }) => status === 'FAILED');
    expect(given).toMatchObject({ error: { code: 'cancelled' }, copyDatabase: null });
    expect((await scene.databases()).filter((name) => name.includes('_restore_'))).toEqual([]);
  });
});

describe('what keeps a database from being swapped; it is as before', () => {
  test('a logical replication slot and a prepared transaction are named by the preview', async () => {
    await scene.source.sql('postgres', `alter system set wal_level = logical`);
    await scene.source.sql('postgres', `alter system set max_prepared_transactions = 5`);
    await scene.source.stop();
    await scene.source.start();
    await scene.source.sql('shop', `select pg_create_logical_replication_slot('reader', 'pgoutput')`);
    const client = connect('shop');
    await client.unsafe('begin');
    await client.unsafe(`insert into customers (name) values ('x')`);
    await client.unsafe(`prepare transaction 'half'`);
    await client.end({ timeout: 1 });
    try {
      const preview = await scene.preview(backupId, swap);
      expect(preview.canStart).toBe(false);
      expect(preview.findings.find(({ name }) => name === 'holds')).toMatchObject({
        state: 'BLOCKED',
        detail: 'the live database has a prepared transaction half, logical replication slot reader',
      });
      const refused = await problemOf(await scene.ask(backupId, swap));
      expect(refused).toMatchObject({ status: 409, code: 'conflict' });
      expect(refused.detail).toContain('prepared transaction half');
    } finally {
      await scene.source.sql('shop', `rollback prepared 'half'`);
      await scene.source.sql('shop', `select pg_drop_replication_slot('reader')`);
    }
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });

  test('a client that will not go', async () => {
    const client = connect('shop');
    const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
    // A stopped process hears no signal: like one that hangs in the kernel.
    process.kill(row!.pid, 'SIGSTOP');
    let failed = '';
    try {
      const id = await scene.start(backupId, swap);
      const restore = await scene.ended(id);
      expect(restore).toMatchObject({
        status: 'FAILED',
        error: { code: 'timeout' },
        swap: null,
      });
      expect(restore.error?.message).toContain(`process ${String(row!.pid)}`);
      expect(await propertiesOf('shop')).toMatchObject({ datallowconn: true });
      expect(await ordersOf(scene.source, 'shop')).toBe(40);
      expect((await scene.actions(id)).at(-1)).toBe('restore.fail');
      failed = id;
    } finally {
      process.kill(row!.pid, 'SIGCONT');
      await client.end({ timeout: 1 }).catch(() => undefined);
    }
    // Nothing can be dropped on a server with such a process; recovery does it afterwards.
    await scene.until(failed, ({ copyDatabase }) => copyDatabase === null);
    expect(await scene.databases()).toEqual(['shop']);
  });

  test('undo finds the kept database gone', async () => {
    const id = await scene.start(backupId, swap);
    const { swap: done } = await scene.ended(id);
    await scene.source.sql('postgres', `drop database "${done!.keptDatabase}"`);
    expect((await scene.act('undo', id, 'shop')).status).toBe(202);
    const restore = await scene.ended(id);
    expect(restore).toMatchObject({ status: 'COMPLETED', error: { code: 'object_missing' } });
    expect(restore.swap).toMatchObject({ canUndo: false });
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
  });
});
