import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { eventually, startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let server: TestPostgres;
let catalogue: Awaited<ReturnType<typeof createCatalogue>>;
let folder: string;
let worker: WorkerProcess | undefined;
beforeAll(async () => {
  server = await startPostgres();
  catalogue = await createCatalogue(server);
  await server.createDatabase('shop');
  await server.sql('shop', 'create table items as select g as id from generate_series(1, 100) g');
  folder = mkdtempSync(join(tmpdir(), 'hf-cli-'));
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await catalogue.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  TMPDIR: tmpdir(),
  HOLDFAST_SECRET: 'a-secret-of-at-least-thirty-two-characters',
  HOLDFAST_DATA_DIR: join(folder, 'data'),
  DATABASE_URL: catalogue.url.reveal(),
  BACKUP_LOCAL_PATH: join(folder, 'backups'),
  BACKUP_ENABLED: 'false',
  BACKUP_MANUAL_INTERVAL_MINUTES: '60',
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: 'postgres',
  PGDATABASE: 'shop',
  ...more,
});
async function cli(args: readonly string[], more: Record<string, string> = {}) {
  const child = spawn('node_modules/.bin/node', ['scripts/cli.ts', ...args], {
    cwd: root,
    env: { ...environment(more), INIT_CWD: folder, NODE_ENV: 'test' },
  });
  child.stdin.end();
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
const report = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const archivePath = async (): Promise<string> => {
  const [row] = await catalogue.raw<{ filename: string }[]>`
    select filename from backups where status = 'COMPLETED' and checksum is not null`;
  return join(folder, 'backups', row?.filename ?? '');
};
const items = async (database: string): Promise<number | undefined> =>
  (await server.sql<{ n: number }>(database, 'select count(*)::int n from items'))[0]?.n;

test('without a backup: status says so, a monitor reads CRITICAL, and nothing is asked of a worker that is not there', async () => {
  const { code, stdout } = await cli(['status']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Backup System Status\n=+\nBackup Directory: \S+\nTotal Backups: 0\n/);
  expect(await cli(['status', '--check'])).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^CRITICAL: No backups found; /) as string,
  });
  expect(await cli(['create'])).toMatchObject({
    code: 22,
    stderr: expect.stringContaining('[worker_absent]') as string,
  });
  expect(await catalogue.raw`select from backups`).toHaveLength(0);
});

describe('with a worker', () => {
  beforeAll(async () => {
    worker = startWorkerProcess(environment());
    await worker.until('worker is ready');
  });

  test('create takes a backup, waits for it and writes its report; a second one within the hour is refused', async () => {
    const { code, stdout, stderr } = await cli(['create', '--type', 'database', '--output', 'report.json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^ims_backup_\S+: [\d.]+ K?B in \d+ s\n$/);
    expect(report('report.json')).toMatchObject({ status: 'COMPLETED', tableCount: 1 });
    expect(await cli(['create'])).toMatchObject({ code: 14 });
    expect(await cli(['create', '--type', 'everything'])).toMatchObject({ code: 5 });
    // No source of files has been added.
    expect(await cli(['create', '--type', 'application'])).toMatchObject({ code: 10 });
    const audit = await catalogue.raw`select actor_kind from audit_entries where action = 'backup.create'`;
    expect(audit).toMatchObject([{ actor_kind: 'cli' }]);
  });

  test('create tells why a backup failed, by its exit code', async () => {
    await catalogue.raw`update backups set created_at = created_at - interval '2 hours'`;
    const { code, stdout, stderr } = await cli(['create', '--tables', 'nowhere', '--json']);
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'FAILED' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'invalid' } });
  });

  test('list shows and filters them', async () => {
    const { stdout } = await cli(['list']);
    expect(stdout).toMatch(/^ims_backup_\S+ {2}\d{4}-\d\d-\d\d \d\d:\d\d UTC {2}MANUAL {2}/m);
    expect(stdout).toContain('2 of 2 backups');
    const daily = await cli(['list', '--backup-type', 'daily', '--json']);
    expect(JSON.parse(daily.stdout)).toMatchObject({ data: [], meta: { total: 0 } });
    expect(await cli(['create', '--source', 'nowhere'])).toMatchObject({
      code: 10,
      stderr: expect.stringContaining('There are: shop.') as string,
    });
    const good = await cli(['list', '--status', 'completed', '--source', 'SHOP', '--json']);
    expect(JSON.parse(good.stdout)).toMatchObject({ data: [{ status: 'COMPLETED', type: 'MANUAL' }] });
    expect(await cli(['list', '--backup-type', 'sometimes'])).toMatchObject({ code: 5 });
  });

  test('verify asks for a verification of every backup, and proves one', async () => {
    // The worker may be proving the new backup by itself.
    await eventually(
      async () => (await catalogue.raw`select from verifications where status = 'IN_PROGRESS'`).length === 0,
      () => worker?.log() ?? '',
    );
    const all = await cli(['verify', '--output', 'verify.json']);
    expect({ ...all }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^PASSED {2}ims_\S+ \(bytes\)/) as string,
    });
    expect(report('verify.json')).toMatchObject({ passed: 1, failed: 0, unknown: 0 });
    const [row] = await catalogue.raw<{ id: string }[]>`select id from backups where status = 'COMPLETED'`;
    const one = await cli(['verify', '--id', row?.id ?? '']);
    expect({ ...one }).toMatchObject({ code: 0, stdout: expect.stringContaining('(proven)') as string });
    const { stdout } = await cli(['list', '--status', 'completed']);
    expect(stdout).toMatch(/proven \d{4}-/);
  });

  test('status prints what there is', async () => {
    const { stdout } = await cli(['status']);
    expect(stdout).toMatch(/Total Backups: 1\nTotal Size: [\d.]+ \w+\nS3 Configured: No\n/);
    expect(stdout).toMatch(/Backup Types:\n {3}manual: 1\n/);
    expect(stdout).toMatch(
      /Latest Backup:\n {3}Name: ims_\S+\n {3}Type: manual\n {3}Created: [\d-]+ [\d:]+ UTC\n {3}Proof: proven/,
    );
    const { stdout: json } = await cli(['status', '--json']);
    expect(JSON.parse(json)).toMatchObject({ totalBackups: 1, types: { manual: 1 }, isS3Configured: false });
    const monitor = await cli(['status', '--check']);
    expect(monitor.stdout).toMatch(/^(OK|WARNING|CRITICAL): Latest backup is 2 hours old/);
    expect(monitor.code).toBe(
      { OK: 0, WARNING: 1, CRITICAL: 2 }[/^\w+/.exec(monitor.stdout)?.[0] ?? ''] ?? -1,
    );
  });
});

test('cleanup shows its decisions with their reasons, and drops only when it is forced', async () => {
  await catalogue.raw`insert into backups (filename, type, tiers, destinations, status, created_at, started_at, finished_at)
    select 'daily_' || g || '.dump', 'DAILY', '{DAILY}', '{local}', 'COMPLETED', at, at, at
    from generate_series(3, 12) g, lateral (select now() - make_interval(days => g) as at) t`;
  expect(await cli(['cleanup'])).toMatchObject({ code: 2 });
  const dry = await cli(['cleanup', '--dry-run']);
  expect(dry.code).toBe(0);
  expect(dry.stdout).toMatch(/^keep {2}daily_3\.dump: daily backup 1 of the last 7$/m);
  expect(dry.stdout).toMatch(/^drop {2}daily_12\.dump: no longer among/m);
  expect(dry.stdout).toMatch(/^keep {2}ims_\S+: .*the newest completed backup/m);
  expect(dry.stdout).toContain('8 kept, 3 would be dropped; nothing was changed');
  const dropped = (): Promise<unknown> =>
    catalogue.raw`select filename from backups where status in ('EXPIRED', 'DELETED') order by 1`;
  expect(await dropped()).toEqual([]);
  const forced = await cli(['cleanup', '--force', '--json']);
  expect(JSON.parse(forced.stdout)).toMatchObject({ isDryRun: false, expired: 3 });
  expect(await dropped()).toMatchObject([
    { filename: 'daily_10.dump' },
    { filename: 'daily_11.dump' },
    { filename: 'daily_12.dump' },
  ]);
  const audit =
    await catalogue.raw`select actor_kind, details from audit_entries where action = 'retention.run'`;
  expect(audit).toMatchObject([{ actor_kind: 'cli', details: { expired: 3 } }]);
});

describe('a file, without worker and catalogue', () => {
  const down = { DATABASE_URL: 'postgres://a:canary@127.0.0.1:1/x' };

  test('restore is that of restore.sh, with a report', async () => {
    const path = await archivePath();
    const args = [
      'restore',
      '--backup-path',
      path,
      '--target-db',
      'copy',
      '--force',
      '--json',
      '--output',
      'r.json',
    ];
    const { code, stdout, stderr } = await cli(args, down);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ targetDatabase: 'copy', creates: ['public.items'] });
    expect(report('r.json')).toMatchObject({
      tables: [{ table: 'public.items', expected: 100, found: 100 }],
    });
    expect(stderr).not.toContain('canary');
    expect(await items('copy')).toBe(100);
    expect(await cli(['restore'], down)).toMatchObject({ code: 2 });
    expect(await cli(['restore', '--backup-path', 'nowhere'], down)).toMatchObject({ code: 10 });
    expect(
      await cli(['restore', '--backup-path', path, '--target-db', 'template1', '--force']),
    ).toMatchObject({
      code: 13,
    });
  });

  test('verify --backup-path proves it, and says when it is damaged; --skip-checksum restores what can be read', async () => {
    const path = await archivePath();
    const good = await cli(['verify', '--backup-path', path, '--depth', 'archive'], down);
    expect({ ...good }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^PASSED/) as string });
    const manifest = JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8')) as {
      stored: { bytes: number };
    };
    truncateSync(path, manifest.stored.bytes - 10);
    const cut = await cli(['verify', '--backup-path', path, '--depth', 'archive', '--json'], down);
    expect(cut.code).toBe(52);
    expect(JSON.parse(cut.stdout)).toMatchObject({ failed: 1, results: [{ status: 'FAILED' }] });
    const args = ['restore', '--backup-path', path, '--target-db', 'copy', '--force'];
    expect(await cli(args, down)).toMatchObject({ code: 50 });
    // What was cut is missing whatever is skipped.
    expect(await cli([...args, '--skip-checksum'], down)).toMatchObject({ code: 50 });
    expect(await items('copy')).toBe(100);
  });

  test('status --check never takes a catalogue that is away for good news', async () => {
    expect(await cli(['status', '--check'], down)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^UNKNOWN: /) as string,
    });
    expect(await cli(['list'], down)).toMatchObject({ code: 21 });
  });
});

test('--help of a command that writes a report', async () => {
  const { code, stdout } = await cli(['verify', '--help'], { DATABASE_URL: '' });
  expect(code).toBe(0);
  expect(stdout).toContain('Usage: npm run --silent holdfast -- verify [OPTIONS]');
  expect(stdout).toContain('--output FILE');
});
