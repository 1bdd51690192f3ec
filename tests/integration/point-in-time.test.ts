import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { BaseManifest, baseManifestNameOf } from '#lib/contracts/base-manifest.ts';
import { startArchivingServer, type ArchivingServer } from '#tests/support/archiving-server.ts';
import { freePort, postgresBinDir } from '#tests/support/postgres.ts';

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));
/** What each table holds, in words that change with any row. */
const PRINTS = {
  items: "select count(*) || ' ' || md5(string_agg(i::text, ',' order by id)) as print from items i",
  notes: "select count(*) || ' ' || md5(string_agg(n::text, ',' order by id)) as print from notes n",
};

let scene: ArchivingServer;
let into: string;
let keyFile: string;
/** Of zstd alone, and encrypted besides; both ended before anything below. */
let plainBase: string;
let secretBase: string;
/** Just before somebody deletes rows and drops a table. */
let instant: string;
let before: Record<string, string>;
let deletion: { readonly xid: string; readonly lsn: string };
let last: number;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const environment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  NODE_ENV: 'test',
  PATH: process.env['PATH'],
  HOLDFAST_DATA_DIR: join(scene.folder, 'data'),
  ...scene.environment(),
  ...more,
});
const script = (name: string, args: readonly string[], more: Record<string, string> = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      join(SCRIPTS, name),
      [...args],
      { env: environment(more), cwd: scene.folder },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
const restore = (...args: readonly string[]): Promise<Outcome> => script('restore-to-time.sh', args);
const toInstant = (...args: readonly string[]): Promise<Outcome> =>
  restore('--time', instant, '--into', into, '--from', plainBase, ...args);

const baseBackup = async (more: Record<string, string> = {}): Promise<string> => {
  const { code, stdout, stderr } = await script('base-backup.sh', [], more);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return /success: (\S+) in /.exec(stdout)?.[1] ?? '';
};
const readManifest = (archive: string): BaseManifest =>
  BaseManifest.parse(JSON.parse(readFileSync(baseManifestNameOf(archive), 'utf8')));

/** Asks the server that listens here. */
async function ask(port: number, text: string, host = '127.0.0.1'): Promise<Record<string, unknown>[]> {
  const sql = postgres({
    host,
    port,
    user: 'postgres',
    password: 'postgres',
    database: 'ims_db',
    max: 1,
    onnotice: () => undefined,
  });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** What the tables hold on the server that listens here. */
async function printsAt(port: number, host = '127.0.0.1'): Promise<Record<string, string>> {
  const prints: Record<string, string> = {};
  for (const [table, text] of Object.entries(PRINTS)) {
    const [there] = await ask(port, `select to_regclass('${table}') is not null as is`, host);
    prints[table] = there?.['is'] === true ? String((await ask(port, text, host))[0]?.['print']) : 'gone';
  }
  return prints;
}

/** Has the user of the server type this in the new folder. */
function asServer(commands: string): void {
  const file = join(scene.folder, 'typed.sh');
  writeFileSync(file, `set -e\ncd '${into}'\nPATH=${postgresBinDir()}:$PATH\n${commands}`);
  const isRoot = process.getuid?.() === 0;
  // What a server says goes to a file: a pipe would stay open as long as it runs.
  const command = `sh '${file}' > '${join(into, 'said')}' 2>&1`;
  try {
    execFileSync(isRoot ? 'su' : 'sh', [...(isRoot ? ['postgres'] : []), '-c', command], { stdio: 'ignore' });
  } catch {
    throw new Error(readFileSync(join(into, 'said'), 'utf8'));
  }
}

/** Processes that have to do with the new data folder. */
function running(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return words.includes(into) ? [`${pid} ${words}`] : [];
      } catch {
        return [];
      }
    });
}
async function untilNothingRuns(): Promise<void> {
  for (let waited = 0; running().length > 0; waited += 50) {
    if (waited > 20_000) throw new Error(`left running: ${running().join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  scene = await startArchivingServer();
  const { server } = scene;
  await server.createDatabase('ims_db');
  await server.sql(
    'ims_db',
    `create table items (id int primary key, name text); create table notes (id int primary key, item_id int);
     insert into items select g, 'item ' || g from generate_series(1, 100) g`,
  );
  keyFile = join(scene.folder, 'key.txt');
  execFileSync('age-keygen', ['-o', keyFile], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', keyFile], { encoding: 'utf8' }).trim();
  plainBase = await baseBackup();
  secretBase = await baseBackup({ BACKUP_AGE_RECIPIENTS: recipient });
  await server.sql('ims_db', "insert into items select g, 'item ' || g from generate_series(101, 200) g");
  await scene.switchWal();
  await server.sql('ims_db', 'insert into notes select g, g from generate_series(1, 50) g');
  await scene.switchWal();
  await server.sql('ims_db', "update items set name = 'new ' || id where id > 150");
  await scene.switchWal();
  before = await printsAt(server.port);
  const [now] = await server.sql<{ at: string }>('ims_db', 'select clock_timestamp()::text as at');
  instant = now?.at ?? '';
  await new Promise((resolve) => setTimeout(resolve, 20));
  const [deleted] = await server.sql<{ xid: string; lsn: string }>(
    'ims_db',
    `with gone as (delete from items where id > 20 returning id)
     select pg_current_xact_id()::text as xid, pg_current_wal_insert_lsn()::text as lsn, count(*) from gone`,
  );
  deletion = { xid: deleted?.xid ?? '', lsn: deleted?.lsn ?? '' };
  await server.sql('ims_db', 'drop table notes');
  await server.sql('ims_db', "select pg_create_restore_point('after the drop')");
  await scene.switchWal();
  await server.sql('ims_db', "insert into items values (1000, 'later')");
  await scene.switchWal();
  last = scene.segments().length;
}, 60_000);
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});
beforeEach(() => {
  into = join(scene.folder, 'come back');
  rmSync(into, { recursive: true, force: true });
});

test('a base archive: what it is, in a manifest beside it that was written last', async () => {
  const manifest = readManifest(plainBase);
  expect(manifest).toMatchObject({
    format: 1,
    kind: 'base',
    archive: plainBase.slice(plainBase.lastIndexOf('/') + 1),
    server: { superuser: 'postgres' },
    wal: { timeline: 1, segmentBytes: 16 * 1024 * 1024 },
    encryption: null,
  });
  expect(manifest.archive).toMatch(/^ims_backup_base_\d{4}-\d\d-\d\d_\d\d-\d\d\.tar\.zst$/);
  expect(readManifest(secretBase).archive).toMatch(/\.tar\.zst\.age$/);
  const [server] = await scene.server.sql<{ id: string }>(
    'postgres',
    'select system_identifier::text as id from pg_control_system()',
  );
  expect(manifest.server.systemIdentifier).toBe(server?.id);
  const bytes = (file: string, ...command: string[]) =>
    execFileSync('sh', ['-c', `${[...command, 'cat'].join(' | ')} | sha256sum`], {
      input: readFileSync(file),
      encoding: 'utf8',
    }).slice(0, 64);
  expect(bytes(plainBase)).toBe(manifest.stored.sha256);
  expect(bytes(plainBase, 'zstd -d')).toBe(manifest.plain.sha256);
});

test('back to the instant before: the newest base archive is found, decrypted, and each table is as it was', async () => {
  const live = await printsAt(scene.server.port);
  const kept = readdirSync(scene.walFolder);
  const port = await freePort();
  const done = await restore(
    ...['--time', instant, '--into', into, '--identity', keyFile, '--keep-running', '--port', String(port)],
  );
  expect(done).toMatchObject({ code: 0 });
  const stop = /stop it with\n.*?\] +(.*)\n/.exec(done.stdout)?.[1] ?? 'false';
  try {
    expect(done.stdout).toContain('pg_verifybackup: every file is as it was copied');
    expect(done.stdout).toContain(
      `log: ${scene.segments()[last - 5] ?? ''} to ${scene.segments()[last - 1] ?? ''}`,
    );
    expect(done.stdout).toContain('stopped before commit of transaction');
    expect(done.stdout).toContain('ims_db: 2 tables, 250 rows, pages and indexes sound');
    expect(await printsAt(port)).toEqual(before);
    expect(before['notes']).toMatch(/^50 /);
    // It writes, and archives nothing: the log it came from must not hold a timeline that nobody wants.
    expect(await ask(port, 'show archive_mode')).toEqual([{ archive_mode: 'off' }]);
    expect(readdirSync(scene.walFolder)).toEqual(kept);
  } finally {
    execFileSync('sh', ['-c', stop]);
  }
  await untilNothingRuns();
  // The live server did not notice.
  expect(await printsAt(scene.server.port)).toEqual(live);
  expect(live['notes']).toBe('gone');
});

test('just before one transaction; the commands of the report start and stop the copy', async () => {
  const done = await restore(...['--xid', deletion.xid, '--exclusive', '--from', plainBase, '--into', into]);
  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout).toContain(`stopped before commit of transaction ${deletion.xid}`);
  expect(running()).toEqual([]);
  const [, start, stop] = /start it with\n.*?\] +(.*)\n.*stop it with: (.*)\n/.exec(done.stdout) ?? [];
  const port = Number(/psql .* -p (\d+) /.exec(done.stdout)?.[1]);
  execFileSync('sh', ['-c', start ?? 'false']);
  expect(await printsAt(port)).toEqual(before);
  execFileSync('sh', ['-c', stop ?? 'false']);
  await untilNothingRuns();
  expect(readFileSync(join(scene.folder, 'data', 'restore.log'), 'utf8')).toContain(
    `just before transaction ${deletion.xid} into ${into}: success`,
  );
});

test('by hand, as docs/format.md says, without Holdfast', async () => {
  const page = readFileSync(join(SCRIPTS, '../docs/format.md'), 'utf8');
  const recipe = /```sh\n(sha256sum FILE [^]*?)```/.exec(page.slice(page.indexOf('## Base archives')))?.[1];
  const port = await freePort();
  const wal = join(scene.folder, 'wal');
  symlinkSync(scene.walFolder, wal);
  const archive = join(scene.folder, 'base.tar.zst');
  cpSync(plainBase, archive);
  chmodSync(archive, 0o644);
  mkdirSync(into);
  execFileSync('chown', ['--reference', scene.walFolder, into]);
  const typed = (recipe ?? 'false')
    .replaceAll('FILE', archive)
    .replaceAll('DATA', 'data')
    .replaceAll('/var/backups/wal', wal)
    .replaceAll('2026-11-29 14:30:00+00', instant)
    .replace('unix_socket_directories=/tmp', `unix_socket_directories=. -c port=${String(port)}`);
  asServer(typed);
  try {
    const prints = () => printsAt(port, join(into, 'data')).catch(() => null);
    await vi.waitFor(
      async () => {
        expect(await prints()).toEqual(before);
      },
      { timeout: 20_000, interval: 100 },
    );
  } finally {
    asServer('pg_ctl -D data -m fast stop');
  }
  await untilNothingRuns();
});

test('as far as the log goes, and to a named restore point', async () => {
  const latest = await restore('--latest', '--from', plainBase, '--into', into);
  expect(latest).toMatchObject({ code: 0 });
  expect(latest.stdout).toContain('ims_db: 1 table, 21 rows');
  rmSync(into, { recursive: true });
  const named = await restore('--name', 'after the drop', '--from', plainBase, '--into', into);
  expect(named).toMatchObject({ code: 0 });
  expect(named.stdout).toContain('stopped at restore point "after the drop"');
  expect(named.stdout).toContain('ims_db: 1 table, 20 rows');
  rmSync(into, { recursive: true });
  const unknown = await restore('--name', 'never made', '--from', plainBase, '--into', into);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('the log ended before the target was reached [restore_failed]');
  expect(existsSync(into)).toBe(false);
  expect(running()).toEqual([]);
});

test('--list and --dry-run tell what can be reached, and change nothing', async () => {
  const list = await restore('--list');
  expect(list.code).toBe(0);
  const lines = list.stdout.trim().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain('.tar.zst.age');
  expect(lines[2]).toContain(`needs the log from ${scene.segments()[1] ?? ''}`);
  expect(lines[3]).toMatch(/recoverable to any instant from 20\d\d-.* to 20\d\d-/);
  const dry = await restore('--lsn', deletion.lsn, '--from', plainBase, '--into', into, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toContain('dry run: nothing was changed');
  expect(existsSync(into)).toBe(false);
});

test('a segment that is missing on the way is named before anything is unpacked', async () => {
  const missing = scene.segments()[last - 4] ?? '';
  const path = join(scene.walFolder, missing);
  const aside = join(scene.folder, missing);
  renameSync(path, aside);
  try {
    for (const target of [['--time', instant], ['--latest']]) {
      const done = await restore(...target, '--from', plainBase, '--into', into);
      expect(done.code).toBe(3);
      expect(done.stderr).toContain(`segment ${missing} is missing in ${scene.walFolder}`);
      expect(done.stdout).not.toContain('unpacking');
      expect(existsSync(into)).toBe(false);
    }
    expect((await restore('--list')).stdout).toContain(`after that ${missing} is missing`);
    // What comes before it can be had.
    const { endedAt } = readManifest(secretBase);
    expect(
      await restore('--time', endedAt, '--into', into, '--identity', keyFile, '--dry-run'),
    ).toMatchObject({
      code: 0,
    });
  } finally {
    renameSync(aside, path);
  }
});

test('a segment that is not whole, or of another server', async () => {
  const wal = join(scene.folder, 'other log');
  // With their owner: the server's user has to read them.
  execFileSync('cp', ['-a', scene.walFolder, wal]);
  const name = scene.segments()[last - 3] ?? '';
  const bytes = readFileSync(join(wal, name));
  truncateSync(join(wal, name), 1_000_000);
  const half = await toInstant('--wal', wal);
  expect(half.code).toBe(4);
  expect(half.stderr).toContain(`${name} has 1000000 bytes, and a whole segment 16777216 [integrity]`);
  // An instant before it needs it not.
  const { endedAt } = readManifest(secretBase);
  const earlier = ['--time', endedAt, '--from', plainBase, '--into', into, '--wal', wal, '--dry-run'];
  expect(await restore(...earlier)).toMatchObject({ code: 0 });
  bytes.writeBigUInt64LE(42n, 24);
  writeFileSync(join(wal, name), bytes);
  const other = await toInstant('--wal', wal);
  expect(other.code).toBe(3);
  expect(other.stderr).toContain('is of another server than the base archive [invalid]');
  expect(existsSync(into)).toBe(false);
  rmSync(wal, { recursive: true });
});

test('a target after the newest log, before the base archive, or that is none', async () => {
  const after = await restore('--time', '2099-01-01 00:00:00+00', '--into', into, '--identity', keyFile);
  expect(after.code).toBe(3);
  expect(after.stderr).toMatch(/lies after the newest log in .*, whose last transaction ended at 20/);
  expect(after.stderr).toContain('pg_switch_wal');
  const early = await restore('--time', '2020-01-01 00:00:00+00', '--into', into);
  expect(early.code).toBe(3);
  expect(early.stderr).toMatch(/no base archive ended before 2020.*the oldest, .* ended at 20/);
  const named = await restore('--time', '2020-01-01 00:00:00+00', '--into', into, '--from', plainBase);
  expect(named.stderr).toContain('lies before the end of');
  const noZone = await restore('--time', '2026-11-29 14:30:00', '--into', into);
  expect(noZone.code).toBe(3);
  expect(noZone.stderr).toContain('is no instant with its offset from UTC [invalid]');
  expect(existsSync(into)).toBe(false);
});

test('kept running where another program has the port: told, and nothing runs', async () => {
  const port = String(scene.server.port);
  const done = await toInstant('--keep-running', '--port', port);
  expect(done.code).toBe(4);
  expect(done.stderr).toContain('the recovered server does not start again [verification_failed]');
  expect(done.stdout).toContain(`${into} is kept, to be looked into`);
  expect(running()).toEqual([]);
});

test('a folder that is not empty stays as it is', async () => {
  mkdirSync(into);
  writeFileSync(join(into, 'mine'), 'x');
  const done = await toInstant();
  expect(done.code).toBe(3);
  expect(done.stderr).toContain('is not empty [target_not_empty]');
  expect(readdirSync(into)).toEqual(['mine']);
});

test('one changed byte in a base archive is found, and what was unpacked of it is removed', async () => {
  const folder = join(scene.folder, 'damaged');
  mkdirSync(folder);
  const archive = join(folder, readManifest(plainBase).archive);
  cpSync(baseManifestNameOf(plainBase), baseManifestNameOf(archive));
  const bytes = readFileSync(plainBase);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(archive, bytes);
  const done = await restore('--time', instant, '--into', into, '--from', archive);
  expect(done.code).toBe(4);
  expect(done.stderr).toContain('is not what was written [integrity]');
  expect(done.stdout).toContain('was removed');
  expect(existsSync(into)).toBe(false);
  writeFileSync(
    baseManifestNameOf(archive),
    readFileSync(baseManifestNameOf(plainBase), 'utf8').replace('0/', '1/'),
  );
  expect((await restore('--time', instant, '--into', into, '--from', archive)).stderr).toContain(
    'was changed after it was written [integrity]',
  );
  rmSync(folder, { recursive: true });
});

test('an encrypted one without its key', async () => {
  const done = await restore('--time', instant, '--into', into);
  expect(done.code).toBe(3);
  expect(done.stderr).toContain('[wrong_key]');
  expect(existsSync(into)).toBe(false);
});

test.each(['SIGINT', 'SIGKILL'] as const)('%s in the middle leaves no process', async (signal) => {
  const child = spawn(
    process.execPath,
    [join(SCRIPTS, 'restore-to-time.ts'), '--time', instant, '--into', into, '--from', plainBase],
    { env: environment({}), cwd: scene.folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  const exit = new Promise((resolve) => child.once('close', resolve));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const isReplaying = !output.includes('replaying the log') && text.includes('replaying the log');
    output += text;
    if (isReplaying) child.kill(signal);
  });
  await exit;
  expect(output).not.toContain('success');
  await untilNothingRuns();
  if (signal === 'SIGKILL') return;
  expect(child.exitCode).toBe(1);
  expect(output).toContain('the recovery was stopped [cancelled]');
  expect(existsSync(into)).toBe(false);
});

test('a server with tablespaces, and one that does not let the user copy it, are refused, and nothing is left', async () => {
  const { server, folder } = scene;
  const there = readdirSync(join(folder, 'backups'));
  const elsewhere = join(server.dataDir, '..', 'space');
  execFileSync('cp', ['-a', join(server.dataDir, 'pg_notify'), elsewhere]);
  await server.sql('postgres', `create tablespace fast location '${elsewhere}'`);
  const refused = await script('base-backup.sh', []);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('the server has tablespaces of its own: fast [config]');
  await server.sql('postgres', 'drop tablespace fast');
  await server.sql('postgres', "create role reader login password 'reader'");
  const forbidden = await script('base-backup.sh', [], {
    PGUSER: 'reader',
    PGPASSWORD: 'reader',
    PGDATABASE: 'postgres',
  });
  expect(forbidden.code).toBe(1);
  expect(forbidden.stderr).toContain('reader may not copy the server [source_auth]');
  expect(forbidden.stderr).not.toContain('password');
  expect(readdirSync(join(folder, 'backups'))).toEqual(there);
});

test('a copy that took the place of the server archives a timeline of its own, and an instant on that one is found too', async () => {
  expect(await toInstant()).toMatchObject({ code: 0 });
  const port = String(await freePort());
  asServer('mv postgresql.auto.conf.before_recovery postgresql.auto.conf');
  asServer(`pg_ctl -D . -l log -o '-p ${port} -k . -c max_connections=200' start`);
  let later = '';
  try {
    await ask(Number(port), 'insert into items values (501)', into);
    const [now] = await ask(Number(port), 'select clock_timestamp()::text as at', into);
    later = String(now?.['at']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await ask(Number(port), 'drop table items', into);
    await ask(Number(port), 'select pg_switch_wal()', into);
    await vi.waitFor(
      () => {
        expect(scene.segments().filter((name) => name.startsWith('00000002')).length).toBeGreaterThan(0);
      },
      { timeout: 20_000, interval: 50 },
    );
  } finally {
    asServer('pg_ctl -D . -m fast stop');
  }
  rmSync(into, { recursive: true });
  const done = await restore('--time', later, '--from', plainBase, '--into', into);
  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout).toContain('on timeline 2');
  expect(done.stdout).toContain('ims_db: 2 tables, 251 rows');
  rmSync(into, { recursive: true });
  // The old one can still be followed, into what the copy never saw.
  const old = await restore('--latest', '--timeline', '1', '--from', plainBase, '--into', into);
  expect(old).toMatchObject({ code: 0 });
  expect(old.stdout).toContain('ims_db: 1 table, 21 rows');
});
