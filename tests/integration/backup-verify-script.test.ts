import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Check, VerifyOutcome } from '#lib/contracts/verification.ts';
import { copyBackup, DAMAGES, forgeRowCount, type StoredBackup } from '#tests/support/broken-backups.ts';
import { describeWith } from '#tests/support/needs.ts';
import { freePort, postgresBinDir, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startS3, type TestS3 } from '#tests/support/s3.ts';

const script = (name: string): string => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
/** The whole corpus is driven through the engine in verify-archive.test.ts; these show that the script tells of it. */
const SOME = [
  'cut at 40 %',
  'the dump cut at 40 % before it was packed',
  'the manifest edited: a row count',
  'the manifest missing',
];
const CANARY = 'canary-77ab-password';
let server: TestPostgres;
let home: string;
let folder: string;
let good: StoredBackup;
let other: StoredBackup;

const environment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  NODE_ENV: 'test',
  PATH: process.env['PATH'],
  HOLDFAST_DATA_DIR: join(folder, 'data'),
  BACKUP_LOCAL_PATH: join(folder, 'backups'),
  // Neither catalogue nor source answers: only the archive and its manifest do.
  DATABASE_URL: `postgres://holdfast:${CANARY}@127.0.0.1:1/holdfast`,
  PGHOST: '127.0.0.1',
  PGPORT: '1',
  PGPASSWORD: CANARY,
  ...more,
});
interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const run = (name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> =>
  new Promise((resolve) => {
    execFile(script(name), [...args], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
const verify = (args: readonly string[], more: Record<string, string> = {}): Promise<Run> =>
  run('backup-verify.sh', args, environment(more));
type Report = VerifyOutcome & { readonly checks: readonly Check[] };

async function take(
  database: string,
  args: readonly string[],
  more: Record<string, string>,
): Promise<StoredBackup> {
  const out = join(home, database);
  const source = {
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: database,
  };
  const { code, stderr } = await run(
    'backup.sh',
    args,
    environment({ ...source, BACKUP_LOCAL_PATH: out, ...more }),
  );
  if (code !== 0) throw new Error(stderr);
  return { folder: out, archive: readdirSync(out).find((name) => name.endsWith('.dump')) ?? '' };
}

beforeAll(async () => {
  server = await startPostgres();
  home = mkdtempSync(join(tmpdir(), 'hf-verify-script-'));
  folder = home;
  for (const [index, database] of ['ims_db', 'other_db'].entries()) {
    await server.createDatabase(database);
    await server.sql(
      database,
      `create table organizations (id int primary key); create table users (id int primary key);
       create table items (id int primary key); create table invoices (id int primary key);
       create table sales_orders (id int primary key, item_id int references items);
       insert into items select generate_series(1, 500 + ${String(index)});
       insert into sales_orders select g, g from generate_series(1, 300) g`,
    );
  }
  good = await take('ims_db', [], {});
  other = await take('other_db', [], {});
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-verify-script-'));
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
});
const copy = (): { backup: StoredBackup; file: string } => {
  const backup = copyBackup(good, join(folder, 'backups'));
  return { backup, file: join(backup.folder, backup.archive) };
};

describe('a proof', () => {
  test('0: a good backup is restored, compared and proven, with catalogue, console and source away', async () => {
    const { file } = copy();
    const { code, stdout, stderr } = await verify([file, '--output', 'report.json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/restoring into ims_db_verify_\w+/);
    expect(stdout).toMatch(/rows:public\.items: PASSED \(500/);
    expect(stdout).toMatch(/rows:public\.sales_orders: PASSED \(300/);
    expect(stdout).toMatch(/foreign-keys.*: PASSED/);
    expect(stdout).toMatch(/readable: PASSED/);
    expect(stdout).toContain('PASSED: this backup is proven');
    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;
    expect(report).toMatchObject({ status: 'PASSED', proven: true, error: null });
    expect(readdirSync(join(folder, 'data', 'verify'))).toEqual([]);
  });

  test('0: with a sample of the foreign keys, and the newest archive where none is named', async () => {
    const { backup } = copy();
    const { code, stdout } = await verify(['--sample-foreign-keys', '--verbose']);
    expect(code).toBe(0);
    expect(stdout).toContain(`${backup.archive} (the newest archive)`);
  });

  test('1: a row count in the manifest that never was, with both numbers', async () => {
    const { backup, file } = copy();
    forgeRowCount(backup);
    const { code, stdout, stderr } = await verify([file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/rows:public\.\w+: FAILED.*expected \d+.*found \d+/);
    expect(stdout).toContain('FAILED after');
    expect(stderr).toContain('[verification_failed]');
  });
});

describe('what needs no restore', () => {
  test('0: a lesser depth that was asked for', async () => {
    const { file } = copy();
    const { code, stdout } = await verify([file, '--depth', 'archive', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'PASSED', proven: false, depth: 'archive' });
  });

  test.each(DAMAGES.filter(({ name }) => SOME.includes(name)))('1: $name', async ({ apply, check, code }) => {
    const { backup, file } = copy();
    apply(backup, other);
    const run = await verify([file, '--depth', 'archive', '--json']);
    expect(run.code).toBe(1);
    const report = JSON.parse(run.stdout) as Report;
    expect(report).toMatchObject({ status: 'FAILED', error: { code } });
    expect(report.checks.find(({ name }) => name === check)?.verdict).toBe('FAILED');
  });

  test('1: a dump without a manifest cannot be proven', async () => {
    const dump = join(folder, 'foreign.dump');
    execFileSync(join(postgresBinDir(), 'pg_dump'), ['-Fc', '-f', dump, server.url('ims_db').reveal()]);
    const { code, stdout, stderr } = await verify([dump]);
    expect(code).toBe(1);
    expect(stdout).toContain('manifest: FAILED');
    expect(stderr).toContain('Without its manifest nothing tells what a backup must hold');
  });

  test.each([
    ['a file that is not there', ['nowhere.dump'], 'object_missing'],
    ['an empty folder', [], 'not_found'],
    ['S3 without a key pair', ['--from-s3', 'backups/x.dump', '--s3-bucket', 'archives'], 'config'],
    ['a depth that is none', ['--depth', 'deep'], 'usage'],
    ['two files', ['a.dump', 'b.dump'], 'usage'],
    ['an unknown flag', ['--shallow'], 'usage'],
  ])('1, with a reason: %s', async (_, args, reason) => {
    const { code, stdout, stderr } = await verify(args);
    expect(code).toBe(1);
    expect(stderr).toContain(`[${reason}]`);
    expect(stdout + stderr).not.toContain(CANARY);
  });
});

describeWith('s3')('an archive in S3', () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3.stop());

  test('0 for a good one, 1 for one that is not there or a server that does not answer', async () => {
    const bucket = await s3.createBucket('archives');
    const access = {
      BACKUP_S3_ENDPOINT: s3.endpoint,
      BACKUP_S3_ACCESS_KEY: s3.accessKey,
      BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
    };
    await server.createDatabase('s3_db');
    await server.sql('s3_db', 'create table items as select generate_series(1, 10) id');
    await take('s3_db', ['--upload-s3', '--s3-bucket', bucket], access);
    const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket }));
    const key = Contents.map(({ Key }) => Key ?? '').find((name) => name.endsWith('.dump')) ?? '';
    const from = (name: string, more = {}) =>
      verify(['--from-s3', name, '--s3-bucket', bucket, '--depth', 'archive'], { ...access, ...more });
    const found = await from(key);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(found.stdout).toContain(`s3://${bucket}/${key}`);
    expect(found.stdout).not.toContain(s3.secretKey.reveal());
    const missing = await from(`${key}x`);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('[object_missing]');
    const away = await from(key, { BACKUP_S3_ENDPOINT: `http://127.0.0.1:${String(await freePort())}` });
    expect(away.code).toBe(1);
    expect(away.stderr).toContain('[storage_unreachable]');
    expect(away.stdout).toContain('UNKNOWN after');
  });
});
