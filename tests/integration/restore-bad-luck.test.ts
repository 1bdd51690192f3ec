import { chownSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { POST as restoreRoute } from '#app/api/v1/admin/backup/[id]/restore/route.ts';
import { Secret } from '#lib/core/secret.ts';
import { problemOf } from '#tests/support/api.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { ordersOf, startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

let scene: RestoreApi;
let worker: Worker;
let backupId: string;
const work = async (source: { readonly user?: string; readonly password?: Secret } = {}): Promise<void> => {
  const { config, log } = scene.api.backend;
  worker = startWorker({ ...config, source: { ...config.source, ...source } }, { log });
  await worker.ready;
};
beforeAll(async () => {
  scene = await startRestoreApi();
  await work();
  backupId = await scene.backUp();
  // The accident, by which the live database is told from a restored one.
  await scene.source.sql('shop', 'delete from orders where id > 40');
});
afterAll(async () => {
  await worker.stop();
  await scene[Symbol.asyncDispose]();
});
/** Whatever the bad luck was. */
afterEach(async () => {
  expect(await ordersOf(scene.source, 'shop')).toBe(40);
  expect(await scene.databases()).toEqual(['shop']);
});

const swap = { mode: 'swap', targetDatabase: 'shop' } as const;
/** A folder that the server may use. */
const serverFolder = (path: string): string => {
  const { uid, gid } = statSync(scene.source.dataDir);
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  return path;
};

test('a session that has expired starts nothing', async () => {
  const hours = (count: number) => Math.floor(Date.now() / 1000) - count * 3600;
  const asked = async (signedInAt: number) =>
    scene.api.call(restoreRoute, 'POST', '/x', {
      as: null,
      headers: {
        'sec-fetch-site': 'same-origin',
        cookie: await scene.api.cookie(scene.api.users.admin.id, { signedInAt }),
      },
      params: { id: backupId },
      json: { targetDatabase: 'copy', confirm: 'not copy', reason: 'x' },
    });
  expect(await problemOf(await asked(hours(25)))).toMatchObject({ status: 401 });
  // One that has not gets as far as the typed name.
  expect(await problemOf(await asked(hours(1)))).toMatchObject({ code: 'invalid' });
});

test('a subscription of the live database keeps it from being swapped', async () => {
  await scene.source.sql(
    'shop',
    `create subscription reader connection 'dbname=nowhere' publication p
       with (connect = false, enabled = false, slot_name = none)`,
  );
  try {
    const preview = await scene.preview(backupId, swap);
    expect(preview.canStart).toBe(false);
    expect(preview.findings.find(({ name }) => name === 'holds')).toMatchObject({
      state: 'BLOCKED',
      detail: 'the live database has a subscription reader',
    });
    expect(await problemOf(await scene.ask(backupId, swap))).toMatchObject({ code: 'conflict' });
  } finally {
    await scene.source.sql('shop', 'drop subscription reader');
  }
});

test('a tablespace that is not there any more: its tables go where the others are', async () => {
  const place = serverFolder(join(dirname(scene.source.dataDir), 'space'));
  await scene.source.sql('postgres', `create tablespace fast location '${place}'`);
  await scene.source.sql('shop', 'create table hot tablespace fast as select 7 as a');
  const backup = await scene.backUp();
  await scene.source.sql('shop', 'drop table hot');
  await scene.source.sql('postgres', 'drop tablespace fast');
  const restore = await scene.ended(await scene.start(backup, { targetDatabase: 'copy' }));
  expect(restore).toMatchObject({ status: 'COMPLETED', error: null });
  expect(await scene.source.sql('copy', 'select a from hot')).toEqual([{ a: 7 }]);
  await scene.source.sql('postgres', 'drop database copy');
});

test('a user who may create databases and is nobody else: the report says what it may not do', async () => {
  await worker.stop();
  await scene.source.sql('postgres', `create role maker login createdb password 'maker'`);
  await work({ user: 'maker', password: new Secret('maker') });
  try {
    const preview = await scene.preview(backupId, swap);
    expect(preview.canStart).toBe(false);
    expect(preview.findings.find(({ state }) => state === 'BLOCKED')).toMatchObject({ name: 'owner' });
    const refused = await scene.ended(await scene.start(backupId, { targetDatabase: 'copy' }));
    expect(refused).toMatchObject({
      status: 'FAILED',
      error: { code: 'restore_failed', hint: expect.stringContaining('leave owners out') as string },
      copyDatabase: null,
    });
    expect(refused.error?.message).toMatch(/must be (?:member|able)/);
    const without = await scene.ended(await scene.start(backupId, { targetDatabase: 'copy', noOwner: true }));
    expect(without).toMatchObject({ status: 'COMPLETED', error: null });
    const owners = without.checks.find(({ name }) => name === 'owners');
    expect(owners).toMatchObject({
      verdict: 'UNKNOWN',
      reason: 'the restore was asked to leave owners and grants out',
    });
    expect(await ordersOf(scene.source, 'copy')).toBe(2000);
  } finally {
    await scene.source.sql('postgres', 'drop database if exists copy');
    await worker.stop();
    await work();
  }
});

test('a user who may not disconnect the clients of another role: said beforehand, and nobody is locked out for it', async () => {
  const { source } = scene;
  await worker.stop();
  await source.sql(
    'postgres',
    `create role owner login createdb password 'owner'; create role app login password 'app';
     alter database shop owner to owner`,
  );
  await work({ user: 'owner', password: new Secret('owner') });
  const url = new URL(source.url('shop').reveal());
  const app = postgres({
    host: url.hostname,
    port: Number(url.port),
    user: 'app',
    password: 'app',
    database: 'shop',
    max: 1,
    fetch_types: false,
    connection: { application_name: 'cash desk' },
  });
  const asked = { ...swap, noOwner: true };
  const disconnect = async (plan: object) =>
    (await scene.preview(backupId, plan)).findings.find(({ name }) => name === 'disconnect');
  try {
    expect(await disconnect(asked)).toBeUndefined();
    const [row] = await app<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const pid = String(row!.pid);
    expect(await disconnect(asked)).toMatchObject({
      state: 'BLOCKED',
      detail: 'the configured user may not disconnect the clients of app',
      hint: expect.stringContaining('grant pg_signal_backend') as string,
    });
    expect(await problemOf(await scene.ask(backupId, asked))).toMatchObject({ code: 'conflict' });
    // Who waits before the swap may stop the application meanwhile.
    const waiting = { ...asked, pauseBeforeSwap: true };
    expect(await disconnect(waiting)).toMatchObject({ state: 'WARNING' });
    const id = await scene.start(backupId, waiting);
    expect(await scene.ended(id)).toMatchObject({ status: 'IN_PROGRESS', canSwap: true });
    expect((await scene.act('swap', id, 'shop')).status).toBe(202);
    const refused = await scene.until(id, ({ error }) => error !== null);
    expect(refused).toMatchObject({
      status: 'IN_PROGRESS',
      canSwap: true,
      error: {
        code: 'source_auth',
        message: `the configured user may not disconnect these clients: cash desk of app (process ${pid})`,
        hint: expect.stringContaining('the live database is as before') as string,
      },
      swap: null,
    });
    // The very connection that was in the way goes on, and others are let in.
    expect(await app<{ pid: string }[]>`select pg_backend_pid()::text as pid`).toMatchObject([{ pid }]);
    expect(await ordersOf(source, 'shop')).toBe(40);

    await source.sql('postgres', 'grant pg_signal_backend to owner');
    expect(await disconnect(waiting)).toBeUndefined();
    // Nobody but a superuser may end this one, and it goes by itself.
    await source.sql('postgres', "alter system set autovacuum_naptime = '1s'");
    await source.sql('postgres', 'select pg_reload_conf()');
    await source.sql(
      'shop',
      `create table dead with (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1) as
         select g from generate_series(1, 100000) g;
       delete from dead`,
    );
    await expect
      .poll(
        () =>
          source.sql(
            'postgres',
            `select datname from pg_stat_activity where backend_type = 'autovacuum worker' and datname = 'shop' and query like '%dead%'`,
          ),
        { timeout: 60_000 },
      )
      .toEqual([{ datname: 'shop' }]);
    expect((await scene.act('swap', id, 'shop')).status).toBe(202);
    const done = await scene.ended(id);
    expect(done).toMatchObject({ status: 'COMPLETED', error: null });
    expect(await ordersOf(source, 'shop')).toBe(2000);
    expect((await scene.act('undo', id, 'shop')).status).toBe(202);
    const undone = await scene.ended(id);
    expect(undone).toMatchObject({ status: 'COMPLETED', error: null });
    await source.sql('postgres', `drop database "${undone.copyDatabase ?? ''}"`);
  } finally {
    await source.sql('postgres', 'alter system reset autovacuum_naptime');
    await source.sql('postgres', 'select pg_reload_conf()');
    await source.sql('shop', 'drop table if exists dead');
    await app.end({ timeout: 1 }).catch(() => undefined);
    await source.sql('postgres', 'alter database shop owner to postgres');
    await worker.stop();
    await work();
  }
});

describeWith('a full disk')('the disk of the server', () => {
  test('that fills up in the middle of a restore', async () => {
    await scene.source.sql(
      'shop',
      `create table bulk as select repeat(md5(g::text), 10) t from generate_series(1, 30000) g`,
    );
    const backup = await scene.backUp();
    await scene.source.sql('shop', 'drop table bulk');
    await withSmallTmpfs(4, async (path) => {
      const { uid, gid } = statSync(scene.source.dataDir);
      chownSync(path, uid, gid);
      await scene.source.sql('postgres', `create tablespace small location '${path}'`);
      await scene.source.sql('postgres', `alter role postgres set default_tablespace = small`);
      try {
        const restore = await scene.ended(await scene.start(backup, { targetDatabase: 'copy' }));
        expect(restore).toMatchObject({
          status: 'FAILED',
          error: { code: 'restore_failed', hint: expect.stringContaining('Make room') as string },
          copyDatabase: null,
        });
        expect(restore.error?.message).toContain('No space left on device');
      } finally {
        await scene.source.sql('postgres', 'alter role postgres reset default_tablespace');
        await scene.source.sql('postgres', 'drop tablespace small');
      }
    });
  });
});

test('a server that crashes in the middle of a restore: what was made goes when it is back', async () => {
  await scene.source.sql(
    'shop',
    `create function slow(integer) returns integer immutable language plpgsql as
       'begin perform pg_sleep(0.05); return $1; end';
     create index customers_slow on customers (slow(id))`,
  );
  const slow = await scene.backUp();
  await scene.source.sql('shop', 'drop index customers_slow; drop function slow');
  const id = await scene.start(slow, { targetDatabase: 'never' });
  await scene.until(id, ({ copyDatabase, progress }) => copyDatabase !== null && progress?.tableCount === 2);
  await scene.source.stop('SIGQUIT');
  const restore = await scene.until(id, ({ status }) => status !== 'IN_PROGRESS');
  await scene.source.start();
  expect(restore).toMatchObject({
    status: 'FAILED',
    error: { code: 'restore_failed', hint: expect.stringContaining('server is running') as string },
  });
  // It could not be dropped on a server that was not there: recovery does it.
  await scene.until(id, ({ copyDatabase }) => copyDatabase === null);
});

test('a worker killed in the middle of an undo: the restored one stays live, and the undo can be asked for again', async () => {
  const { source } = scene;
  const done = await scene.ended(await scene.start(backupId, swap));
  expect(done).toMatchObject({ status: 'COMPLETED', error: null });
  const { id } = done;
  await worker.stop();
  const client = postgres(source.url('shop').reveal(), { max: 1, fetch_types: false });
  const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
  try {
    await using first = await scene.startWorker();
    // A stopped process hears no signal, so that the exchange waits for it.
    process.kill(row!.pid, 'SIGSTOP');
    expect((await scene.act('undo', id, 'shop')).status).toBe(202);
    await first.until('about to exchange the databases');
    await expect
      .poll(() => ordersOf(source, 'shop').then(() => 'let in', String), { timeout: 20_000 })
      .toMatch(/not currently accepting connections/);
    await first.kill('SIGKILL');
  } finally {
    process.kill(row!.pid, 'SIGCONT');
    await client.end({ timeout: 1 }).catch(() => undefined);
  }
  await work();
  const mended = await scene.ended(id);
  expect(mended).toMatchObject({
    status: 'COMPLETED',
    error: { code: 'interrupted', message: expect.stringContaining('shop is as it was') as string },
    swap: { undoneAt: null, canUndo: true },
  });
  expect(await ordersOf(source, 'shop')).toBe(2000);
  expect(await scene.databases()).toEqual(['shop', done.swap!.keptDatabase]);
  expect((await scene.act('undo', id, 'shop')).status).toBe(202);
  const undone = await scene.ended(id);
  expect(undone).toMatchObject({ status: 'COMPLETED', error: null });
  await source.sql('postgres', `drop database "${undone.copyDatabase ?? ''}"`);
});
