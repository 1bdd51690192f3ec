import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackend, type Backend } from '#db/backend.ts';
import type { Actor } from '#lib/core/actor.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { createSource } from '#lib/services/sources.ts';
import { switchProofsOff } from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';

/** The whole stack of 3-prodstack.md, but for Redis: a database and a folder. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ADMIN: Actor = { kind: 'user', id: 'admin', name: 'admin@example.org', role: 'admin' };
let server: TestPostgres;
let catalogue: Awaited<ReturnType<typeof createCatalogue>>;
let backend: Backend;
let worker: WorkerProcess;
let folder: string;
let uploads: string;

const environment = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  TMPDIR: tmpdir(),
  HOLDFAST_SECRET: 'a-secret-of-at-least-thirty-two-characters',
  HOLDFAST_DATA_DIR: join(folder, 'data'),
  HOLDFAST_ENVIRONMENT: 'staging',
  DATABASE_URL: catalogue.url.reveal(),
  BACKUP_LOCAL_PATH: join(folder, 'backups'),
  BACKUP_ENABLED: 'false',
  BACKUP_MANUAL_INTERVAL_MINUTES: '0',
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: 'postgres',
  PGDATABASE: 'shop',
});

async function cli(args: readonly string[], typed = '') {
  const child = spawn('node_modules/.bin/node', ['scripts/cli.ts', ...args], {
    cwd: ROOT,
    env: { ...environment(), INIT_CWD: folder, NODE_ENV: 'test' },
  });
  child.stdin.end(typed);
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

const items = async (): Promise<number> => {
  const [row] = await server.sql<{ n: number }>('shop', 'select count(*)::int as n from items');
  return row?.n ?? NaN;
};
const note = (): string => readFileSync(join(uploads, 'note.txt'), 'utf8');

/** What an accident does to the stack. */
async function lose(): Promise<void> {
  await server.sql('shop', 'delete from items');
  writeFileSync(join(uploads, 'note.txt'), 'overwritten');
}

beforeAll(async () => {
  server = await startPostgres();
  catalogue = await createCatalogue(server);
  await switchProofsOff(catalogue.raw);
  await server.createDatabase('shop');
  await server.sql('shop', 'create table items as select g as id from generate_series(1, 100) g');
  folder = mkdtempSync(join(tmpdir(), 'hf-stack-'));
  uploads = join(folder, 'volumes', 'uploads');
  mkdirSync(uploads, { recursive: true });
  writeFileSync(join(uploads, 'note.txt'), 'as it was');
  const config = parseConfig(environment());
  backend = createBackend(config, { applicationName: 'test', log: createLogger('error', {}) });
  await createSource(backend, ADMIN, {
    kind: 'files',
    path: uploads,
    only: null,
    excludes: [],
    name: 'uploads',
    environment: 'staging',
    filePrefix: 'uploads_backup',
    schedule: null,
    retention: null,
    verification: null,
  });
  worker = startWorkerProcess(environment());
  await worker.until('worker is ready');
  const taken = await cli(['create', '--type', 'all']);
  expect({ code: taken.code, stderr: taken.stderr }).toEqual({ code: 0, stderr: '' });
  expect(taken.stdout.trim().split('\n')).toHaveLength(2);
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await backend.close();
  await catalogue.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test('a dry run says what would become of each source, and changes nothing', async () => {
  await lose();
  const { code, stdout } = await cli(['restore-all', '--dry-run']);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/shop \(postgres\): shop becomes ims_backup_\S+\.dump/);
  expect(stdout).toMatch(/uploads \(files\): \S+uploads becomes uploads_backup_\S+\.tar/);
  expect({ items: await items(), note: note() }).toEqual({ items: 0, note: 'overwritten' });
});

test('nothing is changed unless YES is typed', async () => {
  expect(await cli(['restore-all'], 'no\n')).toMatchObject({ code: 5 });
  expect({ items: await items(), note: note() }).toEqual({ items: 0, note: 'overwritten' });
});

test('only the volumes: the database stays as it is', async () => {
  const { code, stdout, stderr } = await cli([
    'restore-all',
    '--skip-postgres',
    '--skip-redis',
    '--no-confirm',
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('restored 1 of 1');
  expect({ items: await items(), note: note() }).toEqual({ items: 0, note: 'as it was' });
});

test('the whole stack after a typed YES; what was live is kept beside it', async () => {
  await lose();
  const { code, stderr } = await cli(['restore-all', '--output', 'report.json'], 'YES\n');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect({ items: await items(), note: note() }).toEqual({ items: 100, note: 'as it was' });
  const { restores } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
    restores: { sourceKind: string; proven: boolean; kept: string }[];
  };
  expect(restores.map(({ sourceKind, proven }) => [sourceKind, proven])).toEqual([
    ['postgres', true],
    ['files', true],
  ]);
  const kept = readdirSync(join(folder, 'volumes')).filter((name) => name.startsWith('uploads_before_'));
  expect(kept.map((name) => readFileSync(join(folder, 'volumes', name, 'note.txt'), 'utf8'))).toContain(
    'overwritten',
  );
});

test('an instant before every backup is refused, and so is a mistyped one', async () => {
  expect(await cli(['restore-all', '--at', '2020-01-01T00:00:00Z', '--no-confirm'])).toMatchObject({
    code: 10,
    stderr: expect.stringContaining('has no good backup of that time') as string,
  });
  expect(await cli(['restore-all', '--at', 'yesterday'])).toMatchObject({ code: 5 });
});
