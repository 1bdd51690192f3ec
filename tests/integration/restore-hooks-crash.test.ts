import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Restore } from '#lib/contracts/restore.ts';
import { identityOf } from '#lib/tools/process-identity.ts';
import { ordersOf, startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { stubbornClient } from '#tests/support/stubborn-client.ts';
import { eventually, type WorkerProcess } from '#tests/support/worker.ts';

let scene: RestoreApi;
let worker: WorkerProcess;
/** With 2000 orders. */
let backupId: string;
const folder = mkdtempSync(join(tmpdir(), 'hf-hooks-crash-'));
const file = (name: string): string => join(folder, name);
const textOf = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
const journal = (): string[] => textOf('journal').trim().split('\n');

/** The application: a process that the commands stop and start. */
const isAppRunning = (): boolean => identityOf(Number(textOf('app'))) !== null;
const shell = (script: string): string[] => ['/bin/sh', '-c', `cd ${folder}; ${script}`];
const hooksFile = {
  before: [
    { name: 'stop-app', command: shell('kill $(cat app); echo stop >> journal') },
    {
      name: 'slow',
      command: shell(
        'echo $$ > slow; while [ ! -e go ]; do sleep 0.1; done; kill $(cat app); echo slow >> journal',
      ),
    },
  ],
  after: [
    { name: 'start-app', command: shell('sleep 600 & echo $! > app; echo start >> journal') },
    { name: 'tell', command: shell('echo told >> journal') },
  ],
};

/** Kills the worker, and lets the time pass in which nobody knows that it is dead. */
async function die(id: string): Promise<void> {
  await worker.kill('SIGKILL');
  const { raw } = scene.api.catalogue;
  await raw`delete from workers`;
  await raw`update restores set heartbeat_at = now() - interval '1 hour' where id = ${id}`;
}
const stopApp = (): void => {
  if (isAppRunning()) process.kill(Number(textOf('app')), 'SIGKILL');
};
const hookChecks = ({ checks }: Restore) =>
  Object.fromEntries(
    checks
      .filter(({ name }) => name.startsWith('hook:'))
      .map(({ name, verdict }) => [name.slice(5), verdict]),
  );

beforeAll(async () => {
  writeFileSync(file('hooks.json'), JSON.stringify(hooksFile), { mode: 0o600 });
  scene = await startRestoreApi({ HOLDFAST_HOOKS_FILE: file('hooks.json') });
  worker = await scene.startWorker();
  backupId = await scene.backUp();
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  stopApp();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const name of ['journal', 'slow', 'go']) rmSync(file(name), { force: true });
  stopApp();
  execFileSync('/bin/sh', ['-c', `sleep 600 > /dev/null 2>&1 & echo $! > ${file('app')}`]);
  for (const name of (await scene.databases()).filter((one) => one !== 'shop'))
    await scene.source.sql('postgres', `drop database "${name}" with (force)`);
  await scene.source.sql('shop', 'delete from orders where id > 40');
});

const swap = { mode: 'swap', targetDatabase: 'shop' } as const;
const hooks = ['stop-app', 'start-app', 'tell'];
const all = { 'stop-app': 'PASSED', 'start-app': 'PASSED', tell: 'PASSED' };

test('a worker killed while a command before runs: that one is ended, what was stopped runs again, and the copy waits', async () => {
  const id = await scene.start(backupId, { ...swap, pauseBeforeSwap: true, hooks: [...hooks, 'slow'] });
  await scene.ended(id);
  expect((await scene.act('swap', id, 'shop')).status).toBe(202);
  const pid = await eventually(
    () => Promise.resolve(textOf('slow').endsWith('\n') && Number(textOf('slow'))),
    () => worker.log(),
  );
  await die(id);
  expect(identityOf(pid)).not.toBeNull();

  worker = await scene.startWorker();
  const mended = await scene.until(id, ({ error }) => error !== null);
  expect(mended).toMatchObject({
    status: 'IN_PROGRESS',
    canSwap: true,
    error: { code: 'interrupted', message: expect.stringContaining('shop is as it was') as string },
    swap: null,
  });
  expect(mended.log).toContain('it was not done: shop is as before');
  expect(hookChecks(mended)).toEqual({ ...all, slow: 'UNKNOWN' });
  // It would have stopped what was started again.
  expect(identityOf(pid)).toBeNull();
  expect(mended.log).toContain('hook slow: it was running still, and was ended');
  writeFileSync(file('go'), '');
  expect(journal()).toEqual(['stop', 'start', 'told']);
  expect(isAppRunning()).toBe(true);
  expect(await scene.databases()).toEqual(['shop', mended.copyDatabase]);
  expect(await ordersOf(scene.source, 'shop')).toBe(40);

  expect((await scene.act('swap', id, 'shop')).status).toBe(202);
  const done = await scene.ended(id);
  expect(done).toMatchObject({ status: 'COMPLETED', error: null, swap: { canUndo: true } });
  expect(hookChecks(done)).toEqual({ ...all, slow: 'PASSED' });
  expect(isAppRunning()).toBe(true);
  expect(await ordersOf(scene.source, 'shop')).toBe(2000);
});

test('a worker killed between a command before and the renames: nothing was done, and what was stopped runs again', async () => {
  const client = await stubbornClient(scene.source, 'shop');
  const id = await scene.start(backupId, { ...swap, hooks });
  await eventually(
    () => ordersOf(scene.source, 'shop').then(() => false, String),
    () => worker.log(),
  ).finally(() => die(id));
  expect(journal()).toEqual(['stop']);
  expect(isAppRunning()).toBe(false);
  await client.letGo();

  worker = await scene.startWorker();
  const mended = await scene.ended(id);
  expect(mended).toMatchObject({
    status: 'FAILED',
    error: { code: 'interrupted', message: expect.stringContaining('shop is as it was') as string },
    copyDatabase: null,
    swap: null,
  });
  expect(mended.log).toContain('it was not done: shop is as before');
  expect(hookChecks(mended)).toEqual(all);
  expect(journal()).toEqual(['stop', 'start', 'told']);
  expect(isAppRunning()).toBe(true);
  expect(await scene.databases()).toEqual(['shop']);
  expect(await ordersOf(scene.source, 'shop')).toBe(40);
});

test('a worker killed between the renames and the commands afterwards: the swap was done, and they run', async () => {
  const { source, api } = scene;
  const client = await stubbornClient(source, 'shop');
  const id = await scene.start(backupId, { ...swap, hooks });
  await eventually(
    () => ordersOf(source, 'shop').then(() => false, String),
    () => worker.log(),
  );
  // No command can be noted while somebody holds the row.
  const holder = await api.catalogue.raw.reserve();
  await holder.unsafe('begin');
  await holder.unsafe(`select 1 from restores where id = '${id}' for update`);
  await client.letGo();
  await worker.until('is now shop');
  await worker.kill('SIGKILL');
  // What it had asked for would be done although it is dead.
  await holder.unsafe(`select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'`);
  await holder.unsafe('rollback');
  holder.release();
  await die(id);
  expect(journal()).toEqual(['stop']);

  worker = await scene.startWorker();
  const mended = await scene.ended(id);
  expect(mended).toMatchObject({
    status: 'COMPLETED',
    error: null,
    proven: true,
    copyDatabase: null,
    swap: { canUndo: true },
  });
  expect(mended.log).toContain('the swap was done: shop is the restored one');
  expect(hookChecks(mended)).toEqual(all);
  expect(journal()).toEqual(['stop', 'start', 'told']);
  expect(isAppRunning()).toBe(true);
  expect(await scene.databases()).toEqual(['shop', mended.swap!.keptDatabase]);
  expect(await ordersOf(source, 'shop')).toBe(2000);
});
