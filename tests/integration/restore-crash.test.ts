import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRestoreApi, ordersOf, type RestoreApi } from '#tests/support/restore-api.ts';
import { stubbornClient } from '#tests/support/stubborn-client.ts';
import type { WorkerProcess } from '#tests/support/worker.ts';

let scene: RestoreApi;
let worker: WorkerProcess;
beforeAll(async () => {
  scene = await startRestoreApi();
  worker = await scene.startWorker();
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

test('a worker killed in mid-restore, before and after the renames: one database has the name, and the next start says which', async () => {
  const { source, api } = scene;
  const quick = await scene.backUp();
  await source.sql(
    'shop',
    `create function slow(integer) returns integer immutable language plpgsql as
       'begin perform pg_sleep(0.02); return $1; end';
     create index customers_slow on customers (slow(id))`,
  );
  const slow = await scene.backUp();
  await source.sql('shop', 'drop index customers_slow; drop function slow');
  await source.sql('shop', 'delete from orders where id > 40');
  await source.sql('postgres', 'create database other template shop');

  const restoring = await scene.start(slow, { targetDatabase: 'never' });
  await scene.until(restoring, ({ progress }) => progress?.tableCount === 2);
  await worker.kill('SIGKILL');

  worker = await scene.startWorker();
  const client = await stubbornClient(source, 'shop');
  const before = await scene.start(quick, { mode: 'swap', targetDatabase: 'shop' });
  await worker.until('about to exchange the databases');
  await scene.until(before, ({ progress }) => progress?.phase === 'swapping');
  // The worker tells what it is about to do before it closes the door.
  await expect
    .poll(() => ordersOf(source, 'shop').then(() => 'let in', String), { timeout: 20_000 })
    .toMatch(/not currently accepting connections/);
  await worker.kill('SIGKILL');
  await client.letGo();

  worker = await scene.startWorker();
  const guest = await stubbornClient(source, 'other');
  const after = await scene.start(quick, { mode: 'swap', targetDatabase: 'other' });
  await worker.until('about to exchange the databases');
  // Its last word cannot be written while somebody holds its row.
  const holder = await api.catalogue.raw.reserve();
  await holder.unsafe('begin');
  await holder.unsafe(`select 1 from restores where id = '${after}' for update`);
  await guest.letGo();
  await worker.until('is now other');
  await worker.kill('SIGKILL');
  await holder.unsafe('rollback');
  holder.release();

  worker = await scene.startWorker();
  const [first, second, third] = await Promise.all([restoring, before, after].map((id) => scene.ended(id)));
  expect(first).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' }, copyDatabase: null });
  expect(second).toMatchObject({
    status: 'FAILED',
    error: { code: 'interrupted', message: expect.stringContaining('shop is as it was') as string },
    copyDatabase: null,
    swap: null,
  });
  expect(second?.log).toContain('it was not done: shop is as before');
  expect(third).toMatchObject({ status: 'COMPLETED', error: null, copyDatabase: null, proven: true });
  expect(third?.swap).toMatchObject({ interruptionMs: null, canUndo: true });
  expect(third?.log).toContain('the swap was done: other is the restored one');
  const kept = third!.swap!.keptDatabase;
  expect(await scene.databases()).toEqual(['other', kept, 'shop'].sort());
  expect(await ordersOf(source, 'shop')).toBe(40);
  expect(await ordersOf(source, 'other')).toBe(2000);
  expect(await ordersOf(source, kept)).toBe(40);
  expect(await scene.actions(after)).toEqual(['restore.start', 'restore.swap', 'restore.complete']);

  // And the undo of what a successor finished.
  expect((await scene.act('undo', after, 'other')).status).toBe(202);
  expect(await scene.ended(after)).toMatchObject({ status: 'COMPLETED', error: null });
  expect(await ordersOf(source, 'other')).toBe(40);
}, 240_000);
