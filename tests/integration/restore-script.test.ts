import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import type { Secret } from '#lib/core/secret.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { freePort, postgresBinDir, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const script = (name: string): string => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
const SCHEMA = `
  create table users (id int generated always as identity primary key, name text not null unique);
  create table items (id serial primary key, owner int references users, price numeric not null, check (price >= 0));
  create index items_price on items (price);
  create view dear as select * from items where price > 50;
  insert into users (name) select 'user ' || g from generate_series(1, 20) g;
  insert into items (owner, price) select 1 + g % 20, g from generate_series(1, 100) g;`;

let server: TestPostgres;
let catalogue: Catalogue & { readonly url: Secret };
let folder: string;
/** A backup of SCHEMA as backup.sh makes it, copied for each test that damages it. */
let archives: string;
let archive: string;

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const environment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  NODE_ENV: 'test',
  PATH: process.env['PATH'],
  TMPDIR: tmpdir(),
  HOLDFAST_DATA_DIR: join(folder, 'data'),
  BACKUP_LOCAL_PATH: join(folder, 'backups'),
  BACKUP_COMPRESSION: 'zstd',
  DATABASE_URL: '',
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: 'postgres',
  PGDATABASE: 'live',
  ...more,
});
const run = (
  name: string,
  args: readonly string[],
  more: Record<string, string> = {},
  input = '',
): Promise<Run> =>
  new Promise((resolve) => {
    const child = execFile(
      script(name),
      [...args],
      { env: environment(more), cwd: folder },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
const restore = (args: readonly string[], more: Record<string, string> = {}, input = ''): Promise<Run> =>
  run('restore.sh', args, more, input);

/** All that a person would miss: every row, constraint, index and sequence. */
const contentOf = (database: string): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      join(postgresBinDir(), 'pg_dump'),
      ['--no-password', '--dbname', server.url(database).reveal()],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout) => {
        if (error === null) resolve(stdout.replaceAll(/^\\(un)?restrict .*$/gm, ''));
        else reject(error);
      },
    );
  });
const databases = async (): Promise<string[]> =>
  (await server.sql<{ datname: string }>('postgres', 'select datname from pg_database order by 1')).map(
    ({ datname }) => datname,
  );
const safetyBackups = (): string[] => {
  try {
    return readdirSync(join(folder, 'backups')).filter(
      (name) => name.includes('before_restore') && !name.endsWith('.json'),
    );
  } catch {
    return [];
  }
};
async function damage(change: (bytes: Buffer) => Buffer): Promise<string> {
  const file = join(folder, basename(archive));
  copyFileSync(manifestNameOf(archive), manifestNameOf(file));
  writeFileSync(file, change(readFileSync(archive)));
  return Promise.resolve(file);
}

beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('origin');
  await server.sql('origin', SCHEMA);
  catalogue = await createCatalogue(server);
  archives = mkdtempSync(join(tmpdir(), 'hf-restore-archives-'));
  folder = archives;
  const { code, stderr } = await run('backup.sh', ['--output-dir', archives], { PGDATABASE: 'origin' });
  expect({ code, stderr: stderr.includes('error') }).toEqual({ code: 0, stderr: false });
  archive = join(archives, readdirSync(archives).find((name) => /\.dump(\.zst)?$/.test(name)) ?? '');
});
afterAll(async () => {
  await catalogue.close();
  await server[Symbol.asyncDispose]();
  rmSync(archives, { recursive: true, force: true });
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-restore-'));
  await server.createDatabase('live');
  await server.sql(
    'live',
    `${SCHEMA} delete from items where id > 40; create table notes as select 'mine' as note`,
  );
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const name of await databases()) {
    if (['postgres', 'template0', 'template1', 'origin', 'holdfast'].includes(name)) continue;
    await server.sql('postgres', `drop database "${name.replaceAll('"', '""')}" with (force)`);
  }
});

describe('0', () => {
  test('into an existing database: every step is told, its rows come back, what was there lies in a safety backup', async () => {
    const before = await contentOf('live');
    const { code, stdout, stderr } = await restore([archive], {}, 'live\n');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const told of [
      /date: \d{4}-/,
      /tables: 2, rows: 120/,
      /contents: .*2 TABLE DATA/,
      /checked: its bytes are those of its manifest/,
      /replaces 2 tables: public\.items, public\.users/,
      /leaves alone 1 table: public\.notes/,
      /safety backup: \S+before_restore\S+/,
      /migrations: skipped/,
      /2 tables agree with the manifest/,
      /success: live restored/,
    ])
      expect(stdout).toMatch(told);
    expect(stderr).toContain('Type the name of the database to restore into (live)');
    expect(stderr).toMatch(/\[\d{4}-\d\d-\d\dT[\d:.]+Z\] restored \S+ into live: success/);
    expect(readFileSync(join(folder, 'data', 'restore.log'), 'utf8')).toContain('into live: success');
    await server.sql('live', 'drop table notes');
    expect(await contentOf('live')).toBe(await contentOf('origin'));

    // The safety backup brings back what was overwritten.
    const [safety] = safetyBackups();
    const again = await restore([join(folder, 'backups', safety ?? ''), '--target-db', 'back', '--force']);
    expect(again.code).toBe(0);
    expect(await contentOf('back')).toBe(before);
  });

  test('into a database that does not exist: it is created, without a safety backup', async () => {
    const name = `it's "ünder" スー`;
    const { code, stdout } = await restore([archive, '--target-db', name], {}, `${name}\n`);
    expect(code).toBe(0);
    expect(stdout).toContain('does not exist on this server');
    expect(await contentOf(name)).toBe(await contentOf('origin'));
    expect(safetyBackups()).toEqual([]);
  });
});
