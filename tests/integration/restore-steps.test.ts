import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Facts, type FileFacts } from '#lib/contracts/facts.ts';
import type { Installation } from '#lib/contracts/settings.ts';
import type { ToldBackup } from '#lib/client/path-restore-steps.ts';
import { restoreSteps, type RestorableBackup } from '#lib/client/restore-steps.ts';
import { postgresBinDir, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startRedis } from '#tests/support/redis.ts';

const run = promisify(execFile);
/** Capitals, a space and both quotes: what a name may hold that a shell and SQL take for their own. */
const DATABASE = `Odd "ims"'s db`;
const TABLES = 3;

let server: TestPostgres;
let folder: string;
let key: string;
const environment = () => ({
  ...process.env,
  PATH: `${postgresBinDir()}:${process.env['PATH'] ?? ''}`,
  PGPASSWORD: 'postgres',
});
const shell = (command: string) =>
  run('bash', ['-ec', command], { cwd: join(folder, 'work'), env: environment() });

/** By psql: postgres.js takes the escapes of an odd name in an address literally. */
const query = async (database: string, sql: string): Promise<string> => {
  const { stdout } = await run(
    'psql',
    ['--no-psqlrc', '--quiet', '-At', '-v', 'ON_ERROR_STOP=1', '-c', sql],
    {
      env: {
        ...environment(),
        PGHOST: '127.0.0.1',
        PGPORT: String(server.port),
        PGUSER: 'postgres',
        PGDATABASE: database,
      },
    },
  );
  return stdout.trim();
};

const installation = (): Installation => ({
  source: { host: '127.0.0.1', port: server.port, user: 'postgres', database: DATABASE },
  storage: 'local',
  localPath: join(folder, 'kept in here'),
  s3: null,
  compression: 'zstd',
  isEncrypted: true,
  schedule: { isEnabled: true, cron: '0 1 * * *', timeZone: 'UTC' },
  retention: { daily: 7, weekly: 4, monthly: 12 },
  manualIntervalMinutes: 60,
  verification: { hasIdentity: false, hasServer: false, mayUseSource: false },
  hooks: { before: [], after: [] },
});

beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'hf-steps-'));
  await run('mkdir', [join(folder, 'work'), join(folder, 'kept in here')]);
  const keygen = await run('age-keygen', []);
  writeFileSync(join(folder, 'work/key.txt'), keygen.stdout);
  key = /age1[0-9a-z]+/.exec(keygen.stdout + keygen.stderr)?.[0] ?? '';
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const source: RestorableBackup['source'] = {
  kind: 'postgres',
  place: '',
  database: DATABASE,
  address: null,
};
const makeBackup = async (filename: string, pipeline: string): Promise<RestorableBackup> => {
  const path = join(folder, 'kept in here', filename);
  await run('bash', ['-ec', `set -o pipefail; pg_dump --format=custom -Z0 ${pipeline} > "$TARGET"`], {
    cwd: folder,
    env: {
      ...environment(),
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGDATABASE: DATABASE,
      TARGET: path,
      RECIPIENT: key,
    },
  });
  return {
    filename,
    checksum: createHash('sha256').update(readFileSync(path)).digest('hex'),
    tableCount: TABLES,
    options: { tables: null, schemaOnly: false },
    source,
    copies: [{ destination: 'local', key: filename, status: 'STORED', sizeBytes: 1, checkedAt: null }],
  };
};

describe('the restore instructions of the console', () => {
  test.each([
    ['plain_2026-11-21_01-00.dump', ''],
    ['packed_2026-11-21_01-00.dump.zst', '| zstd -3'],
    ['zipped_2026-11-21_01-00.dump.gz', '| gzip'],
    ['sealed_2026-11-21_01-00.dump.zst.age', '| zstd -3 | age --encrypt --recipient "$RECIPIENT"'],
  ])('bring %s back when each command is typed as printed', async (filename, pipeline) => {
    await server.sql('postgres', `drop database if exists "${DATABASE.replaceAll('"', '""')}"`);
    await server.createDatabase(DATABASE);
    await query(
      DATABASE,
      `create schema sales; create table items (id int primary key, name text);
       create table sales.orders (id int, item_id int references items) partition by range (id);
       create table sales.orders_1 partition of sales.orders for values from (0) to (1000000);
       insert into items select i, 'item ' || i from generate_series(1, 500) i;
       insert into sales.orders select i, i from generate_series(1, 500) i`,
    );
    const backup = await makeBackup(filename, pipeline);
    await query(DATABASE, 'drop table sales.orders; delete from items where id > 10');

    for (const step of restoreSteps(installation(), backup, null)) {
      if (step.command === null) continue;
      const { stdout } = await shell(step.command);
      if (step.title === 'Check that it is whole') expect(stdout).toContain('OK');
      if (step.title === 'Compare') expect(stdout.trim()).toBe(String(TABLES));
    }
    const counts = 'select (select count(*) from items), (select count(*) from sales.orders)';
    expect(await query(DATABASE, counts)).toBe('500|500');
    const before = `${DATABASE}_before_restore`;
    expect(await query(before, 'select count(*) from items')).toBe('10');
    await server.sql('postgres', `drop database "${before.replaceAll('"', '""')}"`);
  });

  test('stop at a damaged archive', async () => {
    await server.sql('postgres', `drop database if exists "${DATABASE.replaceAll('"', '""')}"`);
    await server.createDatabase(DATABASE);
    const filename = 'damaged_2026-11-21_01-00.dump.zst';
    const backup = await makeBackup(filename, '| zstd -3');
    const path = join(folder, 'kept in here', filename);
    writeFileSync(path, readFileSync(path).subarray(0, -7));
    const [copy, check] = restoreSteps(installation(), backup, null);
    await shell(copy?.command ?? '');
    await expect(shell(check?.command ?? '')).rejects.toThrow();
  });

  test('never offer to swap in a backup that holds only a part', () => {
    const part: RestorableBackup = {
      filename: 'x.dump.zst',
      checksum: 'a'.repeat(64),
      tableCount: 1,
      options: { tables: ['items'], schemaOnly: false },
      source,
      copies: [],
    };
    const steps = restoreSteps(installation(), part, null);
    expect(steps.some(({ command }) => command?.includes('alter database') === true)).toBe(false);
    expect(steps[0]?.title).toBe('Download the archive');
  });
});

const noFiles: FileFacts = {
  files: 0,
  directories: 0,
  links: 0,
  others: 0,
  bytes: 0,
  fingerprint: '0'.repeat(32),
  properties: '0'.repeat(32),
  changed: [],
  changedCount: 0,
};
const unread: RestorableBackup = {
  filename: 'x.tar',
  checksum: 'a'.repeat(64),
  tableCount: 0,
  options: { tables: null, schemaOnly: false },
  source,
  copies: [],
};
/** Names with what a shell takes for its own. */
const ROOT_NAME = `odd "files"'s $folder`;

describe('the restore instructions for what is no PostgreSQL database', () => {
  const archived = async (filename: string, dump: string, of: RestorableBackup['source']) => {
    const path = join(folder, 'kept in here', filename);
    await run(
      'bash',
      ['-ec', `set -o pipefail; zstd -3 < "$DUMP" | age --encrypt --recipient "$RECIPIENT" > "$TARGET"`],
      {
        cwd: folder,
        env: { ...environment(), DUMP: dump, TARGET: path, RECIPIENT: key },
      },
    );
    return {
      filename,
      checksum: createHash('sha256').update(readFileSync(path)).digest('hex'),
      tableCount: 0,
      options: { tables: null, schemaOnly: false },
      source: of,
      copies: [{ destination: 'local', key: filename, status: 'STORED', sizeBytes: 1, checkedAt: null }],
    } satisfies RestorableBackup;
  };
  const place = (kind: RestorableBackup['source']['kind'], database: string) => ({
    kind,
    place: database,
    database,
    address: null,
  });
  const told = (files: Partial<FileFacts> | null, only: readonly string[] | null = null): ToldBackup => ({
    facts: Facts.parse({
      tableCount: 0,
      tables: [],
      files: files === null ? null : { ...noFiles, ...files },
    }),
    options: {
      tables: null,
      excludedTables: [],
      schemaOnly: false,
      files: { only: only === null ? null : [...only], excludes: [] },
    },
  });
  /** As printed, all but those that a person has to fill in; `diff` exits 1 where it finds something. */
  const follow = async (backup: RestorableBackup, manifest: ToldBackup): Promise<Map<string, string>> => {
    const said = new Map<string, string>();
    for (const { title, command } of restoreSteps(installation(), backup, manifest)) {
      if (command === null) continue;
      const { stdout } = await shell(title === 'Compare' ? `{ ${command}\n} || [ $? = 1 ]` : command);
      said.set(title, stdout);
    }
    return said;
  };
  let live: string;
  const at = (name: string) => join(live, name);
  beforeEach(async () => {
    live = join(folder, ROOT_NAME);
    await rm(live, { recursive: true, force: true });
    for (const left of ['_restored', '_before_restore'])
      await rm(live + left, { recursive: true, force: true });
    await mkdir(at('docker/deep'), { recursive: true });
    writeFileSync(at('.env'), 'PASSWORD=1\n');
    writeFileSync(at('docker/deep/nginx.conf'), 'as it was');
    writeFileSync(at('other'), 'not in every backup');
  });

  test('bring a folder back in place of the live one, which is kept', async () => {
    const dump = join(folder, 'tree.tar');
    await run('tar', ['--create', '--file', dump, '--directory', live, '.']);
    const backup = await archived('tree_2026-11-21_01-00.tar.zst.age', dump, place('files', live));
    writeFileSync(at('docker/deep/nginx.conf'), 'after the accident');
    writeFileSync(at('new'), 'since then');
    const said = await follow(backup, told({ files: 3, directories: 3 }));
    expect(said.get('Compare')).toContain('nginx.conf');
    expect(said.get('Compare')).toContain('new');
    expect(readFileSync(at('docker/deep/nginx.conf'), 'utf8')).toBe('as it was');
    expect(readFileSync(`${live}_before_restore/new`, 'utf8')).toBe('since then');
  });

  test('copy over a part, and leave all else of the folder', async () => {
    const dump = join(folder, 'part.tar');
    const only = ['.env', 'docker'];
    await run('tar', ['--create', '--file', dump, '--directory', live, ...only.map((entry) => `./${entry}`)]);
    const backup = await archived('part_2026-11-21_01-00.tar.zst.age', dump, place('files', live));
    writeFileSync(at('.env'), 'PASSWORD=gone\n');
    writeFileSync(at('docker/deep/nginx.conf'), 'after the accident');
    const said = await follow(backup, told({ files: 2, directories: 2 }, only));
    expect(said.get('Compare')).toContain('.env');
    expect(readFileSync(at('.env'), 'utf8')).toBe('PASSWORD=1\n');
    expect(readFileSync(at('.env~'), 'utf8')).toBe('PASSWORD=gone\n');
    expect(readFileSync(at('docker/deep/nginx.conf'), 'utf8')).toBe('as it was');
    expect(readFileSync(at('other'), 'utf8')).toBe('not in every backup');
  });

  test('bring a single file back', async () => {
    const dump = join(folder, 'one.tar');
    await run('tar', ['--create', '--file', dump, '--directory', live, '.env']);
    const backup = await archived('one_2026-11-21_01-00.tar.zst.age', dump, place('files', at('.env')));
    writeFileSync(at('.env'), 'PASSWORD=gone\n');
    await follow(backup, told({ files: 1, directories: 0 }));
    expect(readFileSync(at('.env'), 'utf8')).toBe('PASSWORD=1\n');
    expect(readFileSync(at('.env_before_restore'), 'utf8')).toBe('PASSWORD=gone\n');
  });

  test('do not exchange a folder of which nobody knows whether it was backed up whole', () => {
    const part = { ...unread, source: place('files', '/srv/app') };
    const commands = restoreSteps(installation(), part, null).map(({ command }) => command ?? '');
    expect(commands.some((command) => command.startsWith('mv '))).toBe(false);
  });

  test('put a SQLite database in place of the live one, with all that belongs to it', async () => {
    const [path, dump] = [at('app.db'), join(folder, 'app.sqlite')];
    const rows = (file: string): unknown => {
      const database = new DatabaseSync(file);
      try {
        return database.prepare('select count(*) as rows from items').get();
      } finally {
        database.close();
      }
    };
    const database = new DatabaseSync(path);
    database.exec(
      'pragma journal_mode = wal; create table items (id int); insert into items values (1), (2)',
    );
    database.exec(`vacuum into '${dump.replaceAll("'", "''")}'`);
    const backup = await archived('app_2026-11-21_01-00.sqlite.zst.age', dump, place('sqlite', path));
    // An application that died: what it wrote last is in its log alone.
    database.exec('delete from items where id = 1');
    writeFileSync(`${path}.copy`, readFileSync(path));
    writeFileSync(`${path}.copy-wal`, readFileSync(`${path}-wal`));
    database.close();
    for (const end of ['', '-wal']) await rename(`${path}.copy${end}`, path + end);

    const said = await follow(backup, told(null));
    expect(said.get('Look for damage')?.trim()).toBe('ok');
    expect(rows(path)).toEqual({ rows: 2 });
    // The old one has its log beside it, and with it the last that was written.
    expect(rows(`${path}_before_restore`)).toEqual({ rows: 1 });
  });

  test('bring the keys of a Redis server back', async () => {
    const password = 'a word';
    await using redis = await startRedis(password);
    await redis.command('set', 'greeting', 'hello');
    await redis.command('-n', '3', 'set', 'other', '1');
    await redis.command('save');
    const dump = join(folder, 'keys.rdb');
    await copyFile(join(redis.folder, 'dump.rdb'), dump);
    const address = `${redis.host}:${String(redis.port)}`;
    const backup = await archived('keys_2026-11-21_01-00.rdb.zst.age', dump, place('redis', address));
    await redis.command('flushall');
    await redis.command('set', 'written since', '1');

    for (const { title, command } of restoreSteps(installation(), backup, told(null))) {
      if (command === null) continue;
      if (title === 'Start the server, and compare') await redis.start();
      // What a person fills in: the password, and the folder that the server names.
      const typed = command.replaceAll(' --askpass', '').replaceAll('/var/lib/redis', redis.folder);
      const { stdout } = await shell(`export REDISCLI_AUTH='${password}'; ${typed}`);
      if (title.startsWith('Ask the server')) expect(stdout).toContain(redis.folder);
      if (title === 'Stop the server') await redis.stop('SIGTERM');
      if (title === 'Start the server, and compare') expect(stdout).toMatch(/db0:keys=1,[^]*db3:keys=1,/);
    }
    expect(await redis.command('get', 'greeting')).toBe('hello');
    const kept = readFileSync(join(redis.folder, 'dump_before_restore.rdb'), 'latin1');
    expect(kept).toContain('written since');
  });
});
