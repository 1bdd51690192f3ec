import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GET as readSettings } from '#app/api/v1/admin/settings/route.ts';
import { problemOf } from '#tests/support/api.ts';
import { ordersOf, startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import type { WorkerProcess } from '#tests/support/worker.ts';
import { identityOf } from '#lib/tools/process-identity.ts';

let scene: RestoreApi;
let worker: WorkerProcess;
let application: Server;
/** With 2000 orders. */
let backupId: string;
const folder = mkdtempSync(join(tmpdir(), 'hf-hooks-'));
const file = (name: string): string => join(folder, name);

/** What the application answers, by path, where it answers; and how often it was asked. */
const answers = new Map<string, () => number | null>();
let asked = 0;

const journal = (): string[] =>
  existsSync(file('journal')) ? readFileSync(file('journal'), 'utf8').trim().split('\n') : [];
const write = (word: string): string[] => ['/bin/sh', '-c', `echo "${word}" >> ${file('journal')}`];

beforeAll(async () => {
  application = createServer((request, response) => {
    asked += 1;
    const answer = answers.get(request.url ?? '');
    const status = answer === undefined ? 200 : answer();
    if (status === null) return;
    response.writeHead(status, status === 302 ? { location: '/well' } : {}).end('body'.repeat(1000));
  });
  await new Promise<void>((resolve) => {
    application.listen(0, '127.0.0.1', resolve);
  });
  const at = `http://127.0.0.1:${String((application.address() as AddressInfo).port)}`;
  const hooks = {
    before: [
      { name: 'stop-app', command: write('stop $HOLDFAST_RESTORE_MODE $HOLDFAST_RESTORE_DATABASE') },
      {
        name: 'tell-all',
        command: ['/bin/sh', '-c', `env > ${file('env')}; cat /proc/$$/cmdline > /dev/null`],
      },
      { name: 'refuse', command: ['/bin/sh', '-c', 'echo no room >&2; exit 3'] },
      {
        name: 'hang',
        command: [
          '/bin/sh',
          '-c',
          `trap '' TERM; (trap '' TERM; sleep 300) & echo $! > ${file('child')}; wait`,
        ],
        timeoutSeconds: 1,
      },
      { name: 'loud', command: ['/bin/sh', '-c', 'head -c 10000000 /dev/zero | tr "\\0" x; echo the end'] },
    ],
    after: [
      { name: 'start-app', command: write('start') },
      { name: 'daemon', command: ['/bin/sh', '-c', `sleep 300 & echo $! > ${file('daemon')}`] },
      { name: 'fail-after', command: ['/bin/sh', '-c', 'exit 7'] },
      { name: 'app-answers', healthUrl: `${at}/health`, timeoutSeconds: 20 },
      { name: 'app-elsewhere', healthUrl: `${at}/moved`, timeoutSeconds: 3 },
    ],
  };
  writeFileSync(file('hooks.json'), JSON.stringify(hooks), { mode: 0o600 });
  scene = await startRestoreApi({ HOLDFAST_HOOKS_FILE: file('hooks.json') });
  worker = await scene.startWorker();
  backupId = await scene.backUp();
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  application.close();
  application.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  rmSync(file('journal'), { force: true });
  asked = 0;
  answers.clear();
  for (const name of (await scene.databases()).filter((one) => one !== 'shop'))
    await scene.source.sql('postgres', `drop database "${name}" with (force)`);
  await scene.source.sql('shop', 'delete from orders where id > 40');
});

const swap = { mode: 'swap', targetDatabase: 'shop' } as const;
const inPlace = { mode: 'in-place', targetDatabase: 'shop' } as const;
const someTables = {
  mode: 'tables',
  targetDatabase: 'shop',
  tables: ['orders'],
  tablesInto: 'replace',
} as const;

/** Of these lines the log has each after the one before. */
function expectOrder(log: string, ...lines: string[]): void {
  const places = lines.map((line) => log.lastIndexOf(line));
  expect(places, log).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
}
const hookChecks = (checks: readonly { name: string; verdict: string }[]) =>
  Object.fromEntries(
    checks
      .filter(({ name }) => name.startsWith('hook:'))
      .map(({ name, verdict }) => [name.slice(5), verdict]),
  );

describe('commands of the server', () => {
  test('run around a swap and around its undo, in the order of the file, without a secret', async () => {
    let refusals = 2;
    answers.set('/health', () => (refusals-- > 0 ? 503 : 200));
    const hooks = ['app-answers', 'start-app', 'loud', 'tell-all', 'stop-app'];
    const preview = await scene.preview(backupId, { ...swap, hooks });
    expect(preview.findings.find(({ name }) => name === 'hooks')).toMatchObject({
      state: 'OK',
      detail: 'commands before: stop-app, tell-all, loud; afterwards: start-app, app-answers',
    });
    const id = await scene.start(backupId, { ...swap, hooks });
    const restore = await scene.ended(id);
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    const all = Object.fromEntries(
      ['stop-app', 'tell-all', 'loud', 'start-app', 'app-answers'].map((name) => [name, 'PASSED']),
    );
    expect(hookChecks(restore.checks)).toEqual(all);
    expectOrder(
      restore.log,
      'hook stop-app: started',
      'hook loud: exit code 0',
      'is now shop',
      'hook start-app: started',
      'hook app-answers: status 200',
    );
    expect(asked).toBe(3);
    // Ten megabytes were printed; their end is kept.
    expect(restore.log.length).toBeLessThan(20_000);
    expect(restore.log).toContain('xxxthe end');
    expect(journal()).toEqual(['stop swap shop', 'start']);
    const env = readFileSync(file('env'), 'utf8');
    expect(
      env
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0])
        .filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name!))
        .sort(),
    ).toEqual([
      'HOLDFAST_RESTORE_DATABASE',
      'HOLDFAST_RESTORE_ID',
      'HOLDFAST_RESTORE_MODE',
      'HOME',
      'LANG',
      'LC_ALL',
      'PATH',
      'TZ',
    ]);
    expect(env).toContain(`HOLDFAST_RESTORE_ID=${id}`);

    await scene.act('undo', id, 'shop');
    const undone = await scene.ended(id);
    expect(undone).toMatchObject({ status: 'COMPLETED', error: null });
    expect(hookChecks(undone.checks)).toEqual(all);
    expect(journal()).toEqual(['stop swap shop', 'start', 'stop swap shop', 'start']);
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });

  test('run when a copy that waited is swapped in, before a new database is made, and around a transaction', async () => {
    const hooks = ['stop-app', 'start-app'];
    const id = await scene.start(backupId, { ...swap, pauseBeforeSwap: true, hooks });
    await scene.ended(id);
    expect(journal()).toEqual([]);
    await scene.act('swap', id, 'shop');
    expect(await scene.ended(id)).toMatchObject({ status: 'COMPLETED', error: null });
    expect(journal()).toEqual(['stop swap shop', 'start']);

    const beside = await scene.ended(await scene.start(backupId, { targetDatabase: 'beside', hooks }));
    expect(beside).toMatchObject({ status: 'COMPLETED', error: null });
    expectOrder(beside.log, 'hook stop-app: started', 'created', 'is now beside', 'hook start-app: started');

    const live = await scene.ended(await scene.start(backupId, { ...inPlace, hooks: [...hooks, 'daemon'] }));
    expect(live).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    expectOrder(
      live.log,
      'safety backup: ',
      'hook stop-app: started',
      'restored in',
      'hook start-app: started',
    );
    expect(journal().slice(-2)).toEqual(['stop in-place shop', 'start']);
    // What a command has started goes on.
    const pid = Number(readFileSync(file('daemon'), 'utf8'));
    expect(identityOf(pid)).not.toBeNull();
    process.kill(pid, 'SIGKILL');
  });

  test('that fail afterwards are told, and undo stays', async () => {
    let moves = 1;
    answers.set('/moved', () => (moves-- > 0 ? 302 : null));
    const hooks = ['fail-after', 'app-elsewhere', 'start-app'];
    const restore = await scene.ended(await scene.start(backupId, { ...swap, hooks }));
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    expect(restore.swap).toMatchObject({ canUndo: true });
    expect(hookChecks(restore.checks)).toEqual({
      'start-app': 'PASSED',
      'fail-after': 'FAILED',
      'app-elsewhere': 'FAILED',
    });
    expect(restore.checks.find(({ name }) => name === 'hook:app-elsewhere')?.reason).toBe(
      'no answer of 2xx within 3 s; the last was status 302',
    );
    expect(journal()).toEqual(['start']);
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
  });

  test('run around the transaction that replaces a table; one that fails afterwards is told, and the rows from before stay', async () => {
    const hooks = ['stop-app', 'fail-after', 'start-app'];
    const restore = await scene.ended(await scene.start(backupId, { ...someTables, hooks }));
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    expect(hookChecks(restore.checks)).toEqual({
      'stop-app': 'PASSED',
      'start-app': 'PASSED',
      'fail-after': 'FAILED',
    });
    // The rows are compared and stand beside the live ones by the time that anything is stopped.
    expectOrder(
      restore.log,
      'the tables stand in shop',
      'hook stop-app: started',
      'hook start-app: started',
      'hook fail-after: exit code 7',
      'public.orders: 2,000 rows; 40 rows from before kept',
    );
    expect(journal()).toEqual(['stop tables shop', 'start']);
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
    const kept = restore.sideSchema ?? '';
    expect(kept).toMatch(/^before_/);
    expect(await scene.source.sql('shop', `select count(*)::int as rows from ${kept}.orders`)).toEqual([
      { rows: 40 },
    ]);
    await scene.source.sql('shop', `drop schema ${kept} cascade`);
  });
});

describe('the live database is as before', () => {
  test.each([
    ['swap', swap],
    ['in-place', inPlace],
    ['new', { targetDatabase: 'beside' }],
    ['tables', someTables],
  ])('where a command before fails: %s', async (_mode, plan) => {
    const hooks = ['stop-app', 'refuse', 'start-app'];
    const restore = await scene.ended(await scene.start(backupId, { ...plan, hooks }));
    expect(restore).toMatchObject({
      status: 'FAILED',
      error: {
        code: 'hook_failed',
        message: 'the command refuse, which runs before, failed: exit code 3',
      },
      copyDatabase: null,
      swap: null,
    });
    expect(restore.error?.hint).toContain('is as before');
    expect(restore.log).toContain('no room');
    // What the first had stopped is started again.
    expect(journal().map((line) => line.split(' ')[0])).toEqual(['stop', 'start']);
    expect(hookChecks(restore.checks)).toEqual({
      'stop-app': 'PASSED',
      refuse: 'FAILED',
      'start-app': 'PASSED',
    });
    expect(await scene.databases()).toEqual(['shop']);
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
    // What was to replace it stands nowhere any more.
    expect(
      await scene.source.sql(
        'shop',
        `select nspname from pg_namespace where nspname like 'restored_%' or nspname like 'before_%'`,
      ),
    ).toEqual([]);
  });

  test('where a command hangs: it is ended with its children, and the copy waits again', async () => {
    const id = await scene.start(backupId, { ...swap, pauseBeforeSwap: true, hooks: ['hang', 'start-app'] });
    await scene.ended(id);
    await scene.act('swap', id, 'shop');
    const restore = await scene.until(id, ({ error }) => error !== null);
    expect(restore).toMatchObject({ status: 'IN_PROGRESS', canSwap: true, error: { code: 'hook_failed' } });
    expect(restore.error?.message).toContain('it was ended after 1 s');
    expect(identityOf(Number(readFileSync(file('child'), 'utf8')))).toBeNull();
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
    await scene.act('cancel', id);
    await scene.until(id, ({ status }) => status === 'FAILED');
    expect(journal()).toEqual(['start']);
  });

  test('where a name is not one of the server', async () => {
    const problem = await problemOf(await scene.ask(backupId, { ...swap, hooks: ['stop-app', 'rm -rf /'] }));
    expect(problem).toMatchObject({ status: 422, code: 'invalid' });
    expect(problem.detail).toContain('rm -rf /');
    const { api } = scene;
    const settings = await (await api.call(readSettings, 'GET', '/x')).text();
    expect((JSON.parse(settings) as { installation: object }).installation).toMatchObject({
      hooks: { before: expect.arrayContaining(['stop-app']) as string[] },
    });
    expect(settings).not.toContain('/bin/sh');
    expect(settings).not.toContain('/health');
  });

  test('where the worker is killed between a command and the transaction: recovery starts again what was stopped', async () => {
    const client = postgres(scene.source.url('shop').reveal(), { max: 1, fetch_types: false });
    await client.unsafe('begin');
    await client.unsafe('select 1 from orders limit 1');
    const id = await scene.start(backupId, { ...inPlace, hooks: ['stop-app', 'start-app'] });
    await scene.until(id, ({ log }) => log.includes('waiting for a lock that is held by'));
    await worker.kill('SIGKILL');
    const raw = scene.api.catalogue.raw;
    await raw`delete from workers`;
    await raw`update restores set heartbeat_at = now() - interval '1 hour' where id = ${id}`;
    worker = await scene.startWorker();
    const restore = await scene.ended(id);
    await client.unsafe('rollback').catch(() => undefined);
    await client.end({ timeout: 1 });
    expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' } });
    expect(hookChecks(restore.checks)).toEqual({ 'stop-app': 'PASSED', 'start-app': 'PASSED' });
    expect(journal()).toEqual(['stop in-place shop', 'start']);
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });
});
