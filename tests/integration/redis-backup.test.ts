import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { cancelBackup } from '#lib/services/backups.ts';
import { createRedisSource } from '#lib/sources/redis/redis-source.ts';
import type { DumpOptions } from '#lib/sources/source.ts';
import { backupWhere, filesUnder, isOver } from '#tests/support/backups.ts';
import { childrenOf } from '#tests/support/children.ts';
import { factsContext } from '#tests/support/facts.ts';
import { freePort } from '#tests/support/postgres.ts';
import { startRedis, type TestRedis } from '#tests/support/redis.ts';
import { ADMIN, storeScene } from '#tests/support/store-scene.ts';
import { eventually, type WorkerProcess } from '#tests/support/worker.ts';

const PASSWORD = 'canary-51ab of redis';
/** A snapshot that is not sent for as long as this leaves time to do something to it. */
const SLOW = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '20'];
const scene = storeScene();
const servers: TestRedis[] = [];

beforeEach(() => {
  servers.length = 0;
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
});

async function start(settings?: readonly string[], password = PASSWORD): Promise<TestRedis> {
  const server = await startRedis(password, settings);
  servers.push(server);
  return server;
}
const placeOf = (
  { host, port }: Pick<TestRedis, 'host' | 'port'>,
  password: string | null,
  user: string | null = null,
) => ({ kind: 'redis', host, port, user, password }) as const;

/** The redis-cli that a worker has started, once the server knows that it waits for a snapshot. */
async function fetching(worker: WorkerProcess, server: TestRedis): Promise<{ pid: number; argv: string }> {
  await eventually(async () => (await server.command('client', 'list')).includes('cmd=sync'), scene.logs);
  const child = childrenOf(worker.pid).find(({ argv }) => argv.includes('--rdb'));
  if (child === undefined) throw new Error('redis-cli does not run');
  return child;
}

test('a server is backed up while it is written to, opens with stock tools, and is proven', async () => {
  const server = await start();
  await server.command('debug', 'populate', '20000', 'key', '100');
  await server.command('-n', '5', 'rpush', 'list', 'a', 'b', 'c');
  await server.command('set', 'gone soon', 'v', 'px', '1500');
  const enough = new AbortController();
  const writing = (async () => {
    for (let n = 0; !enough.signal.aborted; n += 1) await server.command('incrby', 'counter', String(n));
  })();
  const worker = await scene.startWorker();
  const backup = await scene.backUp(await scene.addSource(placeOf(server, PASSWORD)));
  enough.abort();
  await writing;
  expect(backup, scene.logs()).toMatchObject({ status: 'COMPLETED', errorMessage: null });
  expect(backup.filename).toMatch(/\.rdb\.zst$/);
  expect(scene.left()).toEqual([]);

  const plain = await scene.open(backup);
  const { stdout } = await promisify(execFile)('redis-check-rdb', [plain]);
  expect(stdout).toContain('Checksum OK');
  const manifest = scene.manifestOf(backup);
  expect(manifest.source).toMatchObject({
    kind: 'redis',
    database: `127.0.0.1:${String(server.port)}`,
    dumpFormat: 'rdb',
  });
  expect(manifest.source.productVersion).toMatch(/^\d+\./);
  expect(manifest.tools['redis-cli']).toMatch(/^\d+\./);
  const { databases } = manifest.facts.keys ?? { databases: [] };
  expect(databases.map(({ index }) => index)).toEqual([0, 5]);
  expect(databases[1]).toEqual({ index: 5, before: 1, after: 1 });
  expect(databases[0]?.after).toBeGreaterThan(20_000);

  const restored = await start(undefined, 'restored');
  await restored.stop('SIGKILL');
  copyFileSync(plain, join(restored.folder, 'dump.rdb'));
  await restored.start();
  expect(await restored.command('-n', '5', 'lrange', 'list', '0', '-1')).toBe('a\nb\nc');
  expect(Number(await restored.command('dbsize'))).toBeGreaterThanOrEqual(20_001);

  // By now the fleeting key has expired, and is in the file all the same.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const proof = await scene.prove(backup.id);
  expect(proof, scene.logs()).toMatchObject({ status: 'PASSED', proven: true });
  expect(proof.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['integrity', 'databases', 'keys']),
  );
  expect(worker.log()).not.toContain(PASSWORD);
  expect(JSON.stringify(manifest) + JSON.stringify(proof)).not.toContain(PASSWORD);
});

test('a user that may do no more than a backup needs is enough, and one that may not tells what to grant', async () => {
  const server = await start();
  await server.command('debug', 'populate', '100');
  const able = 'acl setuser able on >able-pass +ping +info +sync +psync +replconf';
  const unable = 'acl setuser unable on >unable-pass +ping +info';
  for (const command of [able, unable]) await server.command(...command.split(' '));
  await scene.startWorker();
  const good = await scene.backUp(await scene.addSource(placeOf(server, 'able-pass', 'able')));
  expect(good, scene.logs()).toMatchObject({ status: 'COMPLETED' });
  const refused = await scene.backUp(await scene.addSource(placeOf(server, 'unable-pass', 'unable')));
  expect(refused).toMatchObject({ status: 'FAILED', errorCode: 'source_auth' });
  expect(refused.errorHint).toContain('+sync');
});

test('a wrong password is source_auth, nobody there source_unreachable; nothing is written and no secret is told', async () => {
  const server = await start();
  const worker = await scene.startWorker();
  const wrong = await scene.backUp(await scene.addSource(placeOf(server, 'canary-51ab wrong')));
  expect(wrong).toMatchObject({ status: 'FAILED', errorCode: 'source_auth', copies: [] });
  const none = await scene.backUp(await scene.addSource(placeOf(server, null)));
  expect(none).toMatchObject({ status: 'FAILED', errorCode: 'source_auth', copies: [] });
  const absent = await scene.backUp(
    await scene.addSource(placeOf({ host: '127.0.0.1', port: await freePort() }, null)),
  );
  expect(absent).toMatchObject({ status: 'FAILED', errorCode: 'source_unreachable', copies: [] });
  expect(worker.log() + JSON.stringify([wrong, none, absent])).not.toContain('canary-51ab');
});

test.each([
  ['a server that dies', async (server: TestRedis) => server.stop('SIGKILL'), 'source_unreachable'],
  [
    'a client that is killed',
    (_: TestRedis, pid: number) => {
      process.kill(pid, 'SIGKILL');
      return Promise.resolve();
    },
    'tool_failed',
  ],
] as const)('%s in mid-dump fails the backup, and nothing is left', async (_, strike, code) => {
  const server = await start(SLOW);
  await server.command('debug', 'populate', '1000');
  const worker = await scene.startWorker();
  const id = await scene.ask(await scene.addSource(placeOf(server, PASSWORD)));
  const { pid, argv } = await fetching(worker, server);
  expect(argv).not.toContain('canary-51ab');
  await strike(server, pid);
  const backup = await backupWhere(scene.catalogue.raw, id, isOver, scene.logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: code });
  expect(backup.errorHint).toMatch(/\.$/);
  expect(scene.left()).toEqual([]);
  expect(
    filesUnder(scene.engine.config.localPath).filter((name) => name.startsWith(backup.filename)),
  ).toEqual([]);
  expect(childrenOf(worker.pid)).toEqual([]);
});

test('a cancel while the snapshot is awaited leaves no file and no process', async () => {
  const server = await start(SLOW);
  const worker = await scene.startWorker();
  const id = await scene.ask(await scene.addSource(placeOf(server, PASSWORD)));
  await fetching(worker, server);
  await cancelBackup(scene.backend, ADMIN, id);
  const backup = await backupWhere(scene.catalogue.raw, id, isOver, scene.logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'cancelled' });
  expect(scene.left()).toEqual([]);
  expect(childrenOf(worker.pid)).toEqual([]);
});

test('kill -9 in mid-dump: the next worker marks it failed, and nothing staged is left', async () => {
  const server = await start();
  await server.command('debug', 'populate', '20000', 'key', '200');
  const source = await scene.addSource(placeOf(server, PASSWORD));
  const backup = await scene.killInMidDump(source);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'interrupted' });
  await eventually(() => Promise.resolve(scene.left().length === 0), scene.logs);
});

const options: DumpOptions = {
  tables: null,
  schemaOnly: false,
  compression: 'none',
  facts: { takesFingerprints: true, fingerprintMaxBytes: 1e9 },
};
const config = parseConfig({ PATH: process.env['PATH'] });
const sourceAt = (port: number, heartbeat?: { everyMs: number; answerWithinMs: number }) =>
  createRedisSource(
    config,
    { kind: 'redis', host: '127.0.0.1', port, user: null, password: new Secret(PASSWORD) },
    heartbeat,
  );

test('a server that falls silent in mid-dump, its connections open, is given up within a limit; one that answers is not', async () => {
  const server = await start(['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '3']);
  await server.command('debug', 'populate', '1000');
  const ctx = { ...factsContext(), workDir: server.folder };
  {
    await using dump = await sourceAt(server.port, { everyMs: 100, answerWithinMs: 20_000 }).dump(
      ctx,
      options,
    );
    expect((await buffer(dump.body)).subarray(0, 5).toString()).toBe('REDIS');
  }
  const dumping = sourceAt(server.port, { everyMs: 100, answerWithinMs: 500 }).dump(ctx, options);
  await Promise.all([
    expect(dumping).rejects.toMatchObject({ code: 'source_unreachable' }),
    (async () => {
      await eventually(
        () => Promise.resolve(childrenOf(process.pid).some(({ argv }) => argv.includes('--rdb'))),
        () => 'redis-cli was not started',
      );
      process.kill(server.pid(), 'SIGSTOP');
    })(),
  ]);
  expect(readdirSync(server.folder)).not.toContain('staged');
  expect(childrenOf(process.pid).filter(({ argv }) => argv.includes('--rdb'))).toEqual([]);
  process.kill(server.pid(), 'SIGCONT');
});

test('a replica without its master, and a server that still loads, say so', async () => {
  const replica = await start(['--replicaof', `127.0.0.1 ${String(await freePort())}`]);
  await expect(sourceAt(replica.port).probe(factsContext())).rejects.toMatchObject({
    code: 'source_unreachable',
    message: expect.stringContaining('replica') as string,
  });
  const server = await start();
  await server.command('debug', 'populate', '5000');
  await server.command('save');
  await server.stop('SIGKILL');
  // Microseconds for each key.
  const loading = server.start([
    '--key-load-delay',
    '20000',
    '--loading-process-events-interval-bytes',
    '1024',
  ]);
  await loading;
  await expect(sourceAt(server.port).probe(factsContext())).rejects.toMatchObject({
    code: 'source_unreachable',
    message: expect.stringContaining('loading') as string,
  });
});

test.each([
  ['speaks something else', 'SSH-2.0-OpenSSH_9.2\r\n', 'config'],
  ['hangs up', null, 'source_unreachable'],
])('what listens there and %s is told of', async (_, greeting, code) => {
  const server = createServer((client) => {
    client
      .on('error', () => undefined)
      .on('data', () => {
        if (greeting === null) client.end();
        else client.write(greeting);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await expect(sourceAt(port).look(factsContext())).rejects.toMatchObject({ code });
  } finally {
    server.close();
  }
});

test('the archive of a backup holds nothing of the password', async () => {
  const server = await start();
  await server.command('set', 'a', 'b');
  await scene.startWorker();
  const backup = await scene.backUp(await scene.addSource(placeOf(server, PASSWORD)));
  expect(readFileSync(await scene.open(backup)).includes(PASSWORD)).toBe(false);
});
