import { spawn, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataFolder, type DataFolder } from '#scripts/dev/data-folder.ts';
import { ensureDatabase, startEmbeddedCluster, type EmbeddedCluster } from '#scripts/dev/embedded-cluster.ts';
import { identityOf } from '#lib/tools/process-identity.ts';

const isRoot = process.getuid?.() === 0;
let base: string;
let said: string[];
let folder: DataFolder;
let running: EmbeddedCluster[];
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'hf-qs-'));
  chmodSync(base, 0o755);
  said = [];
  running = [];
  folder = await openDataFolder(join(base, 'data'), (line) => said.push(line));
});
afterEach(async () => {
  for (const cluster of running) await cluster.stop();
  rmSync(base, { recursive: true, force: true });
});

async function start(dataDir = folder.path): Promise<EmbeddedCluster> {
  const cluster = await startEmbeddedCluster({
    dataDir,
    logFile: join(folder.logs, 'postgres.log'),
    reachableRoot: join(base, 'elsewhere'),
    say: (line) => said.push(line),
  });
  running.push(cluster);
  return cluster;
}
async function query(cluster: EmbeddedCluster, password: string, text: string): Promise<readonly object[]> {
  const sql = postgres({
    host: '127.0.0.1',
    port: cluster.port,
    user: 'holdfast',
    password,
    database: 'holdfast',
    max: 1,
  });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end();
  }
}
const isAlive = (pid: number | undefined) => pid !== undefined && identityOf(pid) !== null;

test('a second start has the same port, password and data; a third finds another port if the old one is taken', async () => {
  const first = await start();
  const { password } = await ensureDatabase(first, 'holdfast', 'holdfast');
  await query(first, password, 'create table kept as select 42 as n');
  await first.stop();
  expect(isAlive(first.child.pid)).toBe(false);

  const startedAtMs = performance.now();
  const second = await start();
  expect(performance.now() - startedAtMs).toBeLessThan(15_000);
  expect(second.port).toBe(first.port);
  expect(await ensureDatabase(second, 'holdfast', 'holdfast')).toEqual({ password });
  expect(await query(second, password, 'select n from kept')).toEqual([{ n: 42 }]);
  await second.stop();

  const squatter = createServer().listen(first.port, '127.0.0.1');
  await new Promise((resolve) => squatter.once('listening', resolve));
  const third = await start();
  expect(third.port).not.toBe(first.port);
  expect(await query(third, password, 'select n from kept')).toEqual([{ n: 42 }]);
  squatter.close();
});

test('asks for the password, listens on 127.0.0.1 only, and shows no secret in argv or the log', async () => {
  const cluster = await start();
  const { password } = await ensureDatabase(cluster, 'holdfast', 'holdfast');
  await expect(query(cluster, 'wrong', 'select 1')).rejects.toMatchObject({ code: '28P01' });
  const sql = cluster.connect('postgres');
  const settings = await sql`select name, setting from pg_settings
    where name in ('listen_addresses', 'unix_socket_directories', 'password_encryption') order by name`;
  expect(settings.map((row) => row['setting'] as string)).toEqual(['127.0.0.1', 'scram-sha-256', '']);
  await sql.end();
  const state = readFileSync(join(folder.path, 'cluster.json'), 'utf8');
  expect(state).toContain(password);
  expect(statSync(join(folder.path, 'cluster.json')).mode & 0o777).toBe(0o600);
  const { superuserPassword } = JSON.parse(state) as { superuserPassword: string };
  const argv = readFileSync(`/proc/${String(cluster.child.pid)}/cmdline`, 'utf8');
  const log = readFileSync(join(folder.logs, 'postgres.log'), 'utf8');
  for (const secret of [password, superuserPassword]) expect(argv + log).not.toContain(secret);
  if (isRoot) expect(statSync(`/proc/${String(cluster.child.pid)}`).uid).not.toBe(0);
});

test('after kill -9 of everything the next start stops what was left and keeps the data', async () => {
  const first = await start();
  const { password } = await ensureDatabase(first, 'holdfast', 'holdfast');
  await query(first, password, 'create table kept as select 42 as n');
  // The first server still runs, as after a kill -9 of the quickstart alone.
  const second = await start();
  expect(isAlive(first.child.pid)).toBe(false);
  expect(said.join('\n')).toContain(`process ${String(first.child.pid)}`);
  expect(await query(second, password, 'select n from kept')).toEqual([{ n: 42 }]);

  const { pid } = second.child;
  process.kill(pid ?? 0, 'SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
  expect(existsSync(join(second.dataPath, 'postmaster.pid'))).toBe(true);
  const third = await start();
  expect(await query(third, password, 'select n from kept')).toEqual([{ n: 42 }]);
});

test('a process id that now belongs to another program of the same user does not block the start', async () => {
  const first = await start();
  await first.stop();
  const owner = statSync(first.dataPath);
  const stranger = spawn(
    'sleep',
    ['60'],
    isRoot ? { uid: owner.uid, gid: owner.gid, stdio: 'ignore' } : { stdio: 'ignore' },
  );
  try {
    writeFileSync(join(first.dataPath, 'postmaster.pid'), `${String(stranger.pid)}\n${first.dataPath}\n`);
    const second = await start();
    expect(second.port).toBe(first.port);
    expect(stranger.exitCode).toBeNull();
    expect(isAlive(stranger.pid)).toBe(true);
  } finally {
    stranger.kill();
  }
});

test('an initdb that was killed half-way is done again; a lost password is replaced, its data kept', async () => {
  const state = { phase: 'initialising', port: 45_321, superuserPassword: 'unused', rolePasswords: {} };
  writeFileSync(join(folder.path, 'cluster.json'), JSON.stringify(state));
  mkdirSync(join(folder.path, 'postgres'), { mode: 0o700 });
  if (isRoot) execFileSync('chown', ['postgres', join(folder.path, 'postgres')]);
  writeFileSync(join(folder.path, 'postgres', 'PG_VERSION'), '15\n');
  const first = await start();
  const { password } = await ensureDatabase(first, 'holdfast', 'holdfast');
  await query(first, password, 'create table kept as select 42 as n');
  await first.stop();

  rmSync(join(folder.path, 'cluster.json'));
  const second = await start();
  const again = await ensureDatabase(second, 'holdfast', 'holdfast');
  expect(again.password).not.toBe(password);
  expect(await query(second, again.password, 'select n from kept')).toEqual([{ n: 42 }]);
});

test('a cluster of a major that is not installed is refused by name', async () => {
  const first = await start();
  await first.stop();
  writeFileSync(join(first.dataPath, 'PG_VERSION'), '9\n');
  await expect(start()).rejects.toMatchObject({
    code: 'tool_version',
    message: expect.stringContaining('PostgreSQL 9') as string,
  });
});

test('where its user cannot look, the cluster gets a folder of its own and every folder keeps its mode', async () => {
  // Nobody but root is shut out of its own folders, so for others the cluster simply lies in the data folder.
  const closed = mkdtempSync(join(isRoot ? '/root' : tmpdir(), 'hf-qs-'));
  try {
    const dataDir = join(closed, 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const first = await start(dataDir);
    const place = join(dataDir, 'postgres');
    expect(lstatSync(place).isSymbolicLink()).toBe(isRoot);
    expect(first.dataPath.startsWith(isRoot ? join(base, 'elsewhere') : dataDir)).toBe(true);
    expect(said.filter((line) => line.includes(place))).toHaveLength(isRoot ? 1 : 0);
    for (const path of [closed, dataDir]) expect(statSync(path).mode & 0o777).toBe(0o700);
    const { password } = await ensureDatabase(first, 'holdfast', 'holdfast');
    await query(first, password, 'create table kept as select 42 as n');
    await first.stop();

    said.length = 0;
    const second = await start(dataDir);
    expect(said).toEqual([]);
    expect(second.dataPath).toBe(first.dataPath);
    expect(await query(second, password, 'select n from kept')).toEqual([{ n: 42 }]);
    await second.stop();

    if (isRoot) {
      rmSync(second.dataPath, { recursive: true });
      await expect(start(dataDir)).rejects.toMatchObject({
        code: 'config',
        message: expect.stringContaining('gone') as string,
      });
    }
  } finally {
    for (const cluster of running) await cluster.stop();
    rmSync(closed, { recursive: true, force: true });
  }
});

test('a second quickstart on the same folder is refused; one that was killed is cleaned up after', async () => {
  await expect(openDataFolder(folder.path, () => undefined)).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(String(process.pid)) as string,
  });

  const orphan = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const pid = orphan.pid ?? 0;
  folder.recordChildren([
    { name: 'worker', pid, identity: identityOf(pid) },
    // The same id, but of a process long gone: it must be left alone.
    { name: 'web', pid: process.pid, identity: 'another boot:1' },
  ]);
  const record = JSON.parse(readFileSync(join(folder.path, 'quickstart.json'), 'utf8')) as object;
  writeFileSync(
    join(folder.path, 'quickstart.json'),
    JSON.stringify({ ...record, identity: 'another boot:1' }),
  );
  const lines: string[] = [];
  const next = await openDataFolder(folder.path, (line) => lines.push(line));
  expect(isAlive(pid)).toBe(false);
  expect(lines).toEqual([expect.stringContaining(`worker process ${String(pid)}`)]);
  next.release();
  folder = await openDataFolder(folder.path, () => undefined);
});
