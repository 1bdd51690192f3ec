import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '#lib/contracts/manifest.ts';
import { createPostgresSource } from '#lib/sources/postgres/postgres-source.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { configOf, dumpWithFacts, scratchRun, type Dumped } from '#tests/support/scratch.ts';

let server: TestPostgres;
let folder: string;
let dumped: Dumped;
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'hf-swp-'));
  chmodSync(folder, 0o755);
  await server.createDatabase('app');
  dumped = await dumpWithFacts(server, 'app');
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  dumped[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: 'postgres',
  PGDATABASE: 'app',
  PATH: '/usr/bin:/bin',
  BACKUP_VERIFY_DIR: folder,
  BACKUP_VERIFY_DATABASE_URL: server.url('postgres').reveal(),
});

/** A verification in a process of its own, up to the moment at which its scratch database is there. */
async function startVerifying(
  id: string,
  manifest: Manifest,
): Promise<{ child: ChildProcess; database: string }> {
  const own = join(folder, id);
  mkdirSync(own);
  chmodSync(own, 0o755);
  const file = join(folder, `${id}.json`);
  writeFileSync(file, JSON.stringify(manifest));
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../support/scratch-child.ts', import.meta.url)), id, own, file],
    {
      env: { ...environment(), NODE_ENV: 'test' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, database: said.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const postmasterOf = (data: string): number =>
  Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
const sweep = (isHeld: (id: string) => boolean): Promise<number> =>
  createPostgresSource(configOf(server, 'app', environment())).sweepScratch(scratchRun(folder).ctx, isHeld);
const databases = async (): Promise<string[]> =>
  (await server.sql<{ name: string }>('postgres', 'select datname as name from pg_database')).map(
    ({ name }) => name,
  );

test("the cluster of a killed verification is stopped and removed; that of a living one stays, and so does everybody else's", async () => {
  const [dead, living] = [randomUUID(), randomUUID()];
  const killed = await startVerifying(dead, dumped.manifest);
  const alive = await startVerifying(living, dumped.manifest);
  await kill(killed.child);
  const deadData = join(folder, dead, 'cluster/data');
  const livingData = join(folder, living, 'cluster/data');
  const pid = postmasterOf(deadData);
  process.kill(pid, 0);

  // A cluster without our mark, and a mark over a process id that belongs to another server.
  const foreign = join(folder, 'foreign/cluster');
  mkdirSync(join(foreign, 'data'), { recursive: true });
  const reused = join(folder, randomUUID(), 'cluster');
  mkdirSync(join(reused, 'data'), { recursive: true });
  writeFileSync(join(reused, 'data/postmaster.pid'), `${String(server.pid())}\n`);
  const owner = { pid: 999_999_999, identity: 'nobody' };
  writeFileSync(join(reused, 'scratch.json'), JSON.stringify({ id: randomUUID(), owner }));

  expect(await sweep((id) => id === living)).toBe(2);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(existsSync(join(folder, dead, 'cluster'))).toBe(false);
  expect(existsSync(reused)).toBe(false);
  expect(existsSync(foreign)).toBe(true);
  process.kill(postmasterOf(livingData), 0);
  expect(await server.sql('app', 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(await sweep((id) => id === living)).toBe(0);

  await kill(alive.child);
  expect(await sweep(() => false)).toBe(1);
  expect(existsSync(join(folder, living, 'cluster'))).toBe(false);
});

test('a scratch database of a killed verification is dropped; others of a similar name stay', async () => {
  const [dead, held] = [randomUUID(), randomUUID()];
  const older = { ...dumped.manifest, source: { ...dumped.manifest.source, productVersion: '1.0' } };
  const killed = await startVerifying(dead, older);
  const kept = await startVerifying(held, older);
  await kill(killed.child);
  await kill(kept.child);
  await server.createDatabase('app_verify_20200101000000');
  await server.createDatabase('app_verify_20200101000001');
  await server.sql('postgres', `comment on database app_verify_20200101000001 is 'the customer''s own'`);
  await server.createDatabase('ledger');
  await server.sql('postgres', `comment on database ledger is 'holdfast verification ${randomUUID()}'`);

  expect(await sweep((id) => id === held)).toBe(1);
  const left = await databases();
  expect(left).toEqual(
    expect.arrayContaining([
      'app',
      'ledger',
      'app_verify_20200101000000',
      'app_verify_20200101000001',
      kept.database,
    ]),
  );
  expect(left).not.toContain(killed.database);
  expect(await sweep(() => false)).toBe(1);
  expect(await databases()).not.toContain(kept.database);
});
