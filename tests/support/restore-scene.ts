import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postgresBinDir, startPostgres, type TestPostgres } from './postgres.ts';

export const SCRIPT = (name: string): string =>
  fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));

const SCHEMA = `
  create table users (id int generated always as identity primary key, name text not null unique);
  create table items (id serial primary key, owner int references users, price numeric not null, check (price >= 0));
  create index items_price on items (price);
  create view dear as select * from items where price > 50;
  insert into users (name) select 'user ' || g from generate_series(1, 20) g;
  insert into items (owner, price) select 1 + g % 20, g from generate_series(1, 100) g;`;
/** What happened to `live` after its backup: rows are gone, a name is wrong, and a table of its own has come. */
const ACCIDENT = `delete from items where id > 40; update users set name = 'wrong' where id = 1;
  create table notes as select 'mine' as note`;
const PERMANENT = new Set(['postgres', 'template0', 'template1', 'origin', 'accident', 'holdfast']);

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server with `origin`, a backup of it, and before each test a database `live` that an accident befell. */
export interface RestoreScene extends AsyncDisposable {
  readonly server: TestPostgres;
  /** Of this test; gone after it. */
  readonly folder: string;
  /** A backup of `origin` as backup.sh makes it, with its manifest beside it. */
  readonly archive: string;
  environment(more?: Record<string, string>): NodeJS.ProcessEnv;
  run(program: string, args: readonly string[], more?: Record<string, string>, input?: string): Promise<Ran>;
  restore(args: readonly string[], more?: Record<string, string>, input?: string): Promise<Ran>;
  /** Takes a backup of a database into a folder of its own and returns its path. */
  backUp(database: string, more?: Record<string, string>): Promise<string>;
  /** All that a person would miss of a database: every definition, row and sequence. */
  contentOf(database: string, ...args: string[]): Promise<string>;
  safetyBackups(): string[];
  begin(): Promise<void>;
  end(): Promise<void>;
}

export async function createRestoreScene(): Promise<RestoreScene> {
  const server = await startPostgres();
  try {
    return await setScene(server);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function setScene(server: TestPostgres): Promise<RestoreScene> {
  const archives = mkdtempSync(join(tmpdir(), 'hf-restore-archives-'));
  let folder = archives;
  await server.createDatabase('origin');
  await server.sql('origin', SCHEMA);
  await server.sql('postgres', 'create database accident template origin');
  await server.sql('accident', ACCIDENT);

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
    program: string,
    args: readonly string[],
    more: Record<string, string> = {},
    input = '',
  ): Promise<Ran> =>
    new Promise((resolve) => {
      const child = execFile(
        program,
        [...args],
        { env: environment(more), cwd: folder },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        },
      );
      child.stdin?.on('error', () => undefined).end(input);
    });
  const backUp = async (database: string, more: Record<string, string> = {}): Promise<string> => {
    const place = mkdtempSync(join(archives, 'backup-'));
    const { code, stderr } = await run(SCRIPT('backup.sh'), ['--output-dir', place], {
      PGDATABASE: database,
      ...more,
    });
    const file = readdirSync(place).find((name) => /\.dump(\.zst)?(\.gz)?(\.age)?$/.test(name));
    if (code !== 0 || file === undefined) throw new Error(`backup.sh failed: ${stderr}`);
    return join(place, file);
  };
  const archive = await backUp('origin');

  return {
    server,
    archive,
    get folder() {
      return folder;
    },
    environment,
    run,
    restore: (args, more, input) => run(SCRIPT('restore.sh'), args, more, input),
    backUp,
    contentOf: (database, ...args) =>
      new Promise((resolve, reject) => {
        execFile(
          join(postgresBinDir(), 'pg_dump'),
          ['--no-password', ...args, '--dbname', server.url(database).reveal()],
          { maxBuffer: 64 * 1024 * 1024 },
          (error, stdout) => {
            // pg_dump of 2025 and later wraps its output in a random word.
            if (error === null) resolve(stdout.replaceAll(/^\\(un)?restrict .*$/gm, ''));
            else reject(new Error(error.message));
          },
        );
      }),
    safetyBackups: () => {
      try {
        return readdirSync(join(folder, 'backups')).filter(
          (name) => name.includes('before_restore') && !name.endsWith('.json'),
        );
      } catch {
        return [];
      }
    },
    begin: async () => {
      folder = mkdtempSync(join(tmpdir(), 'hf-restore-'));
      await server.sql('postgres', 'create database live template accident');
    },
    end: async () => {
      rmSync(folder, { recursive: true, force: true });
      const found = await server.sql<{ name: string }>('postgres', 'select datname as name from pg_database');
      for (const { name } of found) {
        if (PERMANENT.has(name)) continue;
        await server.sql('postgres', `drop database "${name.replaceAll('"', '""')}" with (force)`);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(archives, { recursive: true, force: true });
    },
  };
}
