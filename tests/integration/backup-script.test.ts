import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { Manifest, manifestNameOf } from '#lib/contracts/manifest.ts';
import type { Secret } from '#lib/core/secret.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { freePort, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/backup.sh', import.meta.url));
let server: TestPostgres;
let catalogue: Catalogue & { readonly url: Secret };
let folder: string;

beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('ims_db');
  await server.sql(
    'ims_db',
    'create table items as select g id from generate_series(1, 100) g; create table users (id int)',
  );
  await server.createDatabase('big');
  await server.sql(
    'big',
    'create table big as select g id, sha256(g::text::bytea) a from generate_series(1, 2000000) g',
  );
  catalogue = await createCatalogue(server);
});
afterAll(async () => {
  await catalogue.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-script-'));
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
});

const environment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  NODE_ENV: 'test',
  PATH: process.env['PATH'],
  HOLDFAST_DATA_DIR: join(folder, 'data'),
  BACKUP_LOCAL_PATH: join(folder, 'backups'),
  BACKUP_COMPRESSION: 'gzip',
  DATABASE_URL: catalogue.url.reveal(),
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: 'postgres',
  PGDATABASE: 'ims_db',
  ...more,
});
const backup = (
  args: readonly string[],
  more: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(SCRIPT, [...args], { env: environment(more), cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
const rows = () =>
  server.sql<{
    status: string;
    filename: string;
    requested_by: string;
    error_code: string | null;
    copies: string;
  }>(
    'holdfast',
    `select status, filename, requested_by, error_code,
       (select count(*) from backup_copies c where c.backup_id = b.id and c.status = 'STORED') copies
     from backups b order by created_at desc, id`,
  );

test('0: a .dump, its size and SHA-256 in the log, a row in the catalogue', async () => {
  const { code, stdout, stderr } = await backup(['--verbose']);
  expect({ code, stderr: stderr.includes('error') }).toEqual({ code: 0, stderr: false });
  const [file] = readdirSync(join(folder, 'backups')).filter((name) => name.endsWith('.dump'));
  expect(file).toMatch(/^ims_backup_\d{4}-\d\d-\d\d_\d\d-\d\d\.dump$/);
  expect(stdout).toMatch(/size: [\d.]+ KB \(\d+ bytes\)/);
  expect(stdout).toMatch(/sha256: [0-9a-f]{64}/);
  expect(stdout).toContain(join(folder, 'backups', file!));
  expect((await rows())[0]).toMatchObject({
    status: 'COMPLETED',
    filename: file,
    requested_by: 'backup.sh',
    copies: '1',
  });
});

test('0: chosen tables into another folder, with a further gzip', async () => {
  const { code, stderr } = await backup([
    '--output-dir',
    './elsewhere',
    '--tables',
    'items',
    '--compress',
    '--schema-only',
  ]);
  expect(code).toBe(0);
  expect(stderr).toContain('not under BACKUP_LOCAL_PATH');
  const names = readdirSync(join(folder, 'elsewhere'));
  const manifest = names.find((name) => name.endsWith('.manifest.json'));
  expect(names.some((name) => name.endsWith('.dump.gz'))).toBe(true);
  expect(JSON.parse(readFileSync(join(folder, 'elsewhere', manifest!), 'utf8'))).toMatchObject({
    options: { tables: ['items'], schemaOnly: true },
    stages: [{ params: { layer: 'dump' } }, { params: { layer: 'file' } }],
  });
});

test('0 with the catalogue down, and it says so', async () => {
  const port = await freePort();
  const { code, stderr } = await backup([], { DATABASE_URL: `postgres://x@127.0.0.1:${String(port)}/x` });
  expect(code).toBe(0);
  expect(stderr).toContain('the catalogue does not answer');
  const names = readdirSync(join(folder, 'backups'));
  const archive = names.find((name) => name.endsWith('.dump')) ?? '';
  const manifest = Manifest.parse(
    JSON.parse(readFileSync(join(folder, 'backups', manifestNameOf(archive)), 'utf8')),
  );
  expect(manifest).toMatchObject({ archive, tiers: expect.arrayContaining(['DAILY']) as string[] });
  expect(manifest.stored.bytes).toBe(readFileSync(join(folder, 'backups', archive)).length);
});

test('1: pg_dump cannot sign in; the failure is recorded, the password is not told', async () => {
  const { code, stdout, stderr } = await backup([], { PGPASSWORD: 'canary-wrong' });
  expect(code).toBe(1);
  expect(stderr).toContain('[source_auth]');
  expect(stdout + stderr).not.toContain('canary-wrong');
  expect((await rows())[0]).toMatchObject({ status: 'FAILED', error_code: 'source_auth', copies: '0' });
});

test('2: the upload fails; the local backup stays', async () => {
  const port = await freePort();
  const { code, stdout } = await backup(['--upload-s3', '--s3-bucket', 'nowhere'], {
    BACKUP_S3_ENDPOINT: `http://127.0.0.1:${String(port)}`,
    BACKUP_S3_ACCESS_KEY: 'a',
    BACKUP_S3_SECRET_KEY: 'b',
  });
  expect(code).toBe(2);
  expect(stdout).toContain('the local backup was kept');
  expect(readdirSync(join(folder, 'backups')).some((name) => name.endsWith('.dump'))).toBe(true);
  // The console lists what was kept, so that a person can see and delete it.
  expect((await rows())[0]).toMatchObject({ status: 'FAILED', copies: '1' });
});

test.each([
  ['an unknown option', ['--bogus'], {}],
  ['an unknown table', ['--tables', 'nowhere'], {}],
  ['a path for a table', ['--tables', '../x'], {}],
  ['no bucket', ['--upload-s3'], {}],
  ['a wrong port', [], { PGPORT: 'x' }],
])('3: %s', async (_name, args, more) => {
  expect((await backup(args, more)).code).toBe(3);
  expect(readdirSync(folder).includes('backups') ? readdirSync(join(folder, 'backups')) : []).toEqual([]);
});

test('--help shows every option', async () => {
  const { code, stdout } = await backup(['--help']);
  expect(code).toBe(0);
  for (const flag of [
    'output-dir',
    'upload-s3',
    's3-bucket',
    'compress',
    'tables',
    'schema-only',
    'verbose',
  ]) {
    expect(stdout).toContain(`--${flag}`);
  }
});

test('Ctrl-C leaves nothing behind', async () => {
  const child = spawn(SCRIPT, ['--verbose'], { env: environment({ PGDATABASE: 'big' }), cwd: folder });
  let said = '';
  const over = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdout.on('data', (chunk: Buffer) => {
    if (said.includes('dumping:')) return;
    said += chunk.toString();
    if (said.includes('dumping:')) child.kill('SIGINT');
  });
  expect(await over).toBe(1);
  expect(said).toContain('dumping:');
  expect(readdirSync(join(folder, 'backups'))).toEqual([]);
});
