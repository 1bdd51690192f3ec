import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { removeArchive, type ArchiveResult } from '#lib/engine/archive.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { findProgram } from '#scripts/programs.mjs';
import { notingLog } from '#tests/support/loggers.ts';
import { postgresBinDir, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { quietContext } from '#tests/support/storage-spec.ts';
import { takeArchive } from '#tests/support/take-archive.ts';

const run = promisify(execFile);
/** A space and both quotes, for the folder, the database and a table: what a shell and SQL take for their own. */
const ODD = `Odd "ims"'s db`;
const PASSWORD = 'postgres';
const PROGRAMS = {
  postgres: ['pg_restore', 'psql', 'createdb'],
  others: [
    'sh',
    'zstd',
    'gzip',
    'age',
    'sha256sum',
    'awk',
    'sed',
    'grep',
    'cat',
    'cp',
    'rm',
    'tr',
    'wc',
    'date',
    'df',
    'mktemp',
  ],
};
/** Every table, and the rows it must have afterwards. */
const ROWS: Readonly<Record<string, number>> = {
  'public.items': 5000,
  'sales."Odd ""Name""\'s"': 7,
  'sales.empty': 0,
  'public.events': 3,
  'public.events_2026': 2,
  'public.events_2027': 1,
  'public.parents': 4,
  'public.children': 3,
  'public.umlaut_äöü': 1,
};

let server: TestPostgres;
let folder: string;
/** Where the archives were made: never touched by a restore. */
let kept: string;
let path: string;
let keyFile: string;
let wrongKeyFile: string;
const archives: Partial<Record<'zstd' | 'sealed' | 'gzip' | 'outer-gzip', ArchiveResult>> = {};

const sql = async (database: string, text: string): Promise<string> => {
  const { stdout } = await run(
    join(postgresBinDir(), 'psql'),
    ['--no-psqlrc', '--quiet', '-At', '-v', 'ON_ERROR_STOP=1', '-c', text],
    { env: { ...empty, ...connection(), PGDATABASE: database, PATH: path } },
  );
  return stdout.trim();
};
const connection = (): Record<string, string> => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(server.port),
  PGUSER: 'postgres',
  PGPASSWORD: PASSWORD,
});

const logged: string[] = [];
const configured = (more: Record<string, string>) =>
  parseConfig({
    ...connection(),
    PGDATABASE: ODD,
    BACKUP_LOCAL_PATH: kept,
    BACKUP_FILE_PREFIX: 'ims_backup',
    PATH: process.env['PATH'] ?? '',
    ...more,
  });
const archive = (more: Record<string, string> = {}, isGzipped = false): Promise<ArchiveResult> =>
  takeArchive(
    configured(more),
    { description: 'before the "big"\nimport \\ 1', isGzipped },
    notingLog(logged),
  );
const remove = ({ copies }: ArchiveResult): Promise<void> =>
  removeArchive(configured({}), copies, quietContext());

/** Next's types want NODE_ENV in every environment. */
const empty = {} as NodeJS.ProcessEnv;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** As whoever has only this folder and stock programs: no Node, no Holdfast, no environment. */
const script = async (args: readonly string[], more: Record<string, string> = {}): Promise<Ran> => {
  const env: NodeJS.ProcessEnv = {
    ...empty,
    PATH: path,
    TMPDIR: join(folder, 'temporary'),
    ...connection(),
    ...more,
  };
  try {
    const { stdout, stderr } = await run(join(path, 'sh'), [join(kept, 'restore.sh'), ...args], {
      env,
      cwd: '/',
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
};
const archivePath = (name: keyof typeof archives): string => join(kept, archives[name]?.filename ?? '');
const databases = (): Promise<string> =>
  sql('postgres', 'select string_agg(datname, $$|$$ order by oid) from pg_database');
const namesIn = (database: string): Promise<string> =>
  sql('postgres', `select count(*) from pg_database where datname = '${database.replaceAll("'", "''")}'`);
/** The archive with its manifest in a folder of its own, to be damaged. */
const copied = (name: keyof typeof archives): string => {
  const place = join(folder, 'copies of it');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  for (const file of readdirSync(kept)) cpSync(join(kept, file), join(place, file));
  return join(place, archives[name]?.filename ?? '');
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-kit-'));
  kept = join(folder, `it's "kept" here`);
  mkdirSync(join(folder, 'temporary'));
  path = join(folder, 'programs');
  mkdirSync(path);
  for (const name of PROGRAMS.postgres) symlinkSync(join(postgresBinDir(), name), join(path, name));
  for (const name of PROGRAMS.others) symlinkSync(findProgram(name) ?? name, join(path, name));
  server = await startPostgres();
  await server.createDatabase(ODD);
  await sql('postgres', `create role "o'ner" nologin; create role keeper nologin;`);
  await sql(
    ODD,
    `create schema sales;
     create table items (id bigint generated always as identity primary key, name text, body bytea);
     insert into items (name, body) select 'item ' || g, sha256(g::text::bytea) from generate_series(1, 5000) g;
     create table sales."Odd ""Name""'s" (a int); insert into sales."Odd ""Name""'s" select generate_series(1, 7);
     alter table sales."Odd ""Name""'s" owner to "o'ner"; grant select on items to keeper;
     create table sales.empty (a int);
     create table events (at date, n int) partition by range (at);
     create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
     create table events_2027 partition of events for values from ('2027-01-01') to ('2028-01-01');
     insert into events values ('2026-02-03', 1), ('2026-02-04', 2), ('2027-02-04', 2);
     create table parents (a int); create table children () inherits (parents);
     insert into parents values (1); insert into children values (2), (3), (4);
     create table "umlaut_äöü" (a int); insert into "umlaut_äöü" values (1)`,
  );
  const keys: string[] = [];
  for (const name of ['key.txt', 'wrong key.txt']) {
    const { stdout } = await run('age-keygen', []);
    writeFileSync(join(folder, name), stdout);
    keys.push(/age1[0-9a-z]+/.exec(stdout)?.[0] ?? '');
  }
  keyFile = join(folder, 'key.txt');
  wrongKeyFile = join(folder, 'wrong key.txt');
  archives.zstd = await archive();
  archives.sealed = await archive({ BACKUP_AGE_RECIPIENTS: keys[0] ?? '' });
  archives.gzip = await archive({ BACKUP_COMPRESSION: 'gzip' });
  archives['outer-gzip'] = await archive({ BACKUP_COMPRESSION: 'gzip' }, true);
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('the kit beside the archives', () => {
  test('is written with the first backup, and nothing takes it for an archive', async () => {
    expect(
      readdirSync(kept)
        .filter((name) => !name.startsWith('ims_backup_'))
        .sort(),
    ).toEqual(['RESTORE.md', 'restore.sh']);
    const further = await archive();
    await remove(further);
    expect(existsSync(join(kept, further.filename))).toBe(false);
    expect(existsSync(join(kept, 'restore.sh'))).toBe(true);
  });

  test('replaces an older one, and leaves a file alone that is somebody’s own', async () => {
    const current = readFileSync(join(kept, 'restore.sh'), 'utf8');
    const own = '# Restore\n\nCall the operator.\n';
    writeFileSync(join(kept, 'restore.sh'), '#!/bin/sh\n# holdfast-restore-kit: 0\nexit 1\n');
    writeFileSync(join(kept, 'RESTORE.md'), own);
    const further = await archive();
    expect(readFileSync(join(kept, 'restore.sh'), 'utf8')).toBe(current);
    expect(readFileSync(join(kept, 'RESTORE.md'), 'utf8')).toBe(own);
    rmSync(join(kept, 'RESTORE.md'));
    await remove(further);
  });

  test('that cannot be placed fails no backup', async () => {
    rmSync(join(kept, 'RESTORE.md'), { force: true });
    mkdirSync(join(kept, 'RESTORE.md'));
    const further = await archive();
    expect(existsSync(join(kept, further.filename))).toBe(true);
    expect(logged.join('\n')).toContain('could not place the restore kit');
    await remove(further);
    rmSync(join(kept, 'RESTORE.md'), { recursive: true });
  });
});

describe('restore.sh, with neither Node nor Holdfast', () => {
  const restored = 'Rest "ored"\'s = new';
  beforeEach(async () => {
    await sql('postgres', `drop database if exists "${restored.replaceAll('"', '""')}"`);
  });

  test.each(['zstd', 'sealed', 'gzip', 'outer-gzip'] as const)(
    'brings back every table of a %s archive',
    async (name) => {
      const before = readFileSync(archivePath(name));
      const { code, stdout, stderr } = await script([
        ...(name === 'sealed' ? ['--identity', keyFile] : []),
        '--target-db',
        restored,
        archivePath(name),
      ]);
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
      for (const [table, rows] of Object.entries(ROWS)) {
        const only = table === 'public.parents' ? 'only ' : '';
        expect(stdout).toContain(
          `same       ${table.replace(/^public\.umlaut_äöü$/, 'public."umlaut_äöü"')}: ${String(only === '' ? rows : 1)} rows`,
        );
        expect(await sql(restored, `select count(*) from ${table}`)).toBe(String(rows));
      }
      expect(stdout).toContain(`${String(Object.keys(ROWS).length)} tables have the rows the manifest says`);
      const definitions = `select string_agg(pg_get_userbyid(relowner) || relname || coalesce(relacl::text, ''), ',' order by relname) from pg_class where relnamespace::regnamespace::text in ('public', 'sales')`;
      expect(await sql(restored, definitions)).toBe(await sql(ODD, definitions));
      expect(readFileSync(archivePath(name)).equals(before)).toBe(true);
      expect(readdirSync(join(folder, 'temporary'))).toEqual([]);
    },
  );

  test('names a table whose rows are not what the manifest says, and keeps the copy to look at', async () => {
    const path = copied('gzip');
    const manifest = JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8')) as {
      checksum?: string;
      facts: { tables: { name: string; rows: number }[] };
    };
    delete manifest.checksum;
    for (const table of manifest.facts.tables) if (table.name === 'items') table.rows += 1;
    manifest.facts.tables.push({ ...manifest.facts.tables[0]!, name: 'gone' });
    writeFileSync(`${path}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
    const { code, stdout, stderr } = await script(['--target-db', restored, path]);
    expect(code).toBe(4);
    expect(stdout).toContain('DIFFERENT  public.items: 5000 rows, the manifest says 5001');
    expect(stdout).toMatch(/MISSING +\w+\.gone/);
    expect(stderr).toContain('2 tables');
    expect(await namesIn(restored)).toBe('1');
  });

  test('runs as an ordinary user, under every shell of this machine', async () => {
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const place = join(folder, 'for everyone');
    rmSync(place, { recursive: true, force: true });
    cpSync(kept, place, { recursive: true });
    mkdirSync(join(folder, 'own'), { recursive: true });
    if (user.uid !== undefined) {
      chownSync(join(folder, 'own'), user.uid, user.gid);
      for (const each of [folder, place, path]) chmodSync(each, 0o755);
      for (const file of readdirSync(place)) chmodSync(join(place, file), 0o644);
    }
    for (const shell of ['dash', 'bash', 'busybox']) {
      const program = findProgram(shell);
      if (program === null) continue;
      const { stdout } = await run(
        program,
        [
          ...(shell === 'busybox' ? ['sh'] : []),
          ...(shell === 'bash' ? ['--posix'] : []),
          join(place, 'restore.sh'),
          '--verify-only',
          join(place, archives.zstd?.filename ?? ''),
        ],
        { ...user, cwd: '/', env: { ...empty, PATH: path, TMPDIR: join(folder, 'own') } },
      );
      expect(stdout).toContain('whole:');
    }
    expect(readdirSync(join(folder, 'own'))).toEqual([]);
  });

  test('tells its options', async () => {
    const { code, stdout } = await script(['--help']);
    expect(code).toBe(0);
    for (const option of ['--identity', '--target-db', '--jobs', '--no-owner', '--verify-only'])
      expect(stdout).toContain(option);
    expect((await script([])).code).toBe(2);
    expect((await script(['--jobs', 'many', archivePath('zstd')])).code).toBe(2);
    expect((await script(['--clean', archivePath('zstd')])).code).toBe(2);
  });
});

describe('restore.sh refuses, and no database is made or touched', () => {
  const refused = async (
    args: readonly string[],
    code: number,
    message: string,
    more: Record<string, string> = {},
  ): Promise<void> => {
    const before = await databases();
    const rows = await sql(ODD, 'select count(*) from items');
    const ran = await script(args, more);
    expect(ran.stderr, ran.stdout).toContain(message);
    expect(ran.code, ran.stderr).toBe(code);
    expect(await databases()).toBe(before);
    expect(await sql(ODD, 'select count(*) from items')).toBe(rows);
    expect(readdirSync(join(folder, 'temporary'))).toEqual([]);
  };
  const target = ['--target-db', 'never_made'];

  test('an archive with a flipped byte, a cut one, and a changed manifest', async () => {
    const flipped = copied('zstd');
    const bytes = readFileSync(flipped);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(flipped, bytes);
    await refused([...target, flipped], 4, 'the SHA-256 of the archive is not the one in the manifest');
    await refused(['--verify-only', flipped], 4, 'the SHA-256');
    const cut = copied('gzip');
    writeFileSync(cut, bytes.subarray(0, -7));
    await refused([...target, cut], 4, 'bytes, the manifest says');
    const changed = copied('gzip');
    const text = readFileSync(`${changed}.manifest.json`, 'utf8');
    writeFileSync(`${changed}.manifest.json`, text.replace('"rows": 5000', '"rows": 4999'));
    await refused([...target, changed], 4, 'the manifest was changed after it was written');
  });

  test('damage that the sums were made to agree with', async () => {
    const path = copied('zstd');
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    const { stdout } = await run('sha256sum', [path]);
    const manifest = JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8')) as {
      checksum?: string;
      stored: { sha256: string };
    };
    delete manifest.checksum;
    manifest.stored.sha256 = /[0-9a-f]{64}/.exec(stdout)?.[0] ?? '';
    writeFileSync(`${path}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
    await refused([...target, path], 4, 'HINT: Take another copy or an older backup.');
  });

  test('a wrong key, and none', async () => {
    const sealed = archivePath('sealed');
    await refused([...target, '--identity', wrongKeyFile, sealed], 3, 'could not be decrypted with this key');
    await refused([...target, sealed], 3, 'the archive is encrypted');
    await refused([...target, '--identity', join(folder, 'nowhere'), sealed], 3, 'cannot be read');
  });

  test('a missing manifest, a missing archive and a manifest of nothing', async () => {
    const path = copied('zstd');
    const text = readFileSync(`${path}.manifest.json`, 'utf8');
    writeFileSync(`${path}.manifest.json`, text.slice(0, 100));
    await refused([...target, path], 3, 'does not tell the size');
    writeFileSync(`${path}.manifest.json`, '');
    await refused([...target, path], 3, 'is not a manifest');
    rmSync(`${path}.manifest.json`);
    await refused([...target, path], 3, 'there is no manifest beside the archive');
    rmSync(path);
    await refused([...target, path], 3, 'there is no file');
  });

  test('a target that exists, the live one above all, and a name too long', async () => {
    await refused(['--target-db', ODD, archivePath('zstd')], 3, 'exists already');
    await refused(['--target-db', 'x'.repeat(64), archivePath('zstd')], 3, 'longer than the 63 bytes');
  });

  test('roles the server lacks, unless owners are left out', async () => {
    const other = await startPostgres();
    try {
      const there = { PGPORT: String(other.port) };
      await refused([...target, archivePath('zstd')], 3, `create role "o'ner" nologin;`, there);
      const { code, stdout, stderr } = await script(
        ['--no-owner', '--jobs', '1', ...target, archivePath('zstd')],
        there,
      );
      expect(code, stdout + stderr).toBe(0);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  test('a server that does not answer, and a program that is missing', async () => {
    await refused([...target, archivePath('zstd')], 3, 'the PostgreSQL server does not answer', {
      PGPORT: '1',
    });
    const bare = join(folder, 'bare');
    cpSync(path, bare, { recursive: true, verbatimSymlinks: true });
    rmSync(join(bare, 'zstd'));
    await refused([...target, archivePath('zstd')], 3, 'zstd is not installed', { PATH: bare });
  });

  test('and takes back a database it could not fill', async () => {
    await server.sql('postgres', `alter role "o'ner" rename to owner_gone`);
    try {
      const path = copied('zstd');
      const manifest = JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8')) as {
        checksum?: string;
        facts: { roles: unknown };
      };
      delete manifest.checksum;
      manifest.facts.roles = null;
      writeFileSync(`${path}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
      await refused([...target, path], 1, 'pg_restore failed');
    } finally {
      await server.sql('postgres', `alter role owner_gone rename to "o'ner"`);
    }
  });
});

test('the script is one that a POSIX shell can read', async () => {
  await run('sh', ['-n', join(kept, 'restore.sh')]);
  expect(statSync(join(kept, 'restore.sh')).size).toBeGreaterThan(1000);
});
