import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import type { Secret } from '#lib/core/secret.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { freePort, postgresBinDir } from '#tests/support/postgres.ts';
import { createRestoreScene, SCRIPT, type RestoreScene } from '#tests/support/restore-scene.ts';

const program = promisify(execFile);
let scene: RestoreScene;
let catalogue: Catalogue & { readonly url: Secret };
beforeAll(async () => {
  scene = await createRestoreScene();
  catalogue = await createCatalogue(scene.server);
});
afterAll(async () => {
  await catalogue.close();
  await scene[Symbol.asyncDispose]();
});
beforeEach(() => scene.begin());
afterEach(() => scene.end());

const answer = async <Value>(database: string, sql: string): Promise<Value | undefined> =>
  (await scene.server.sql<{ answer: Value }>(database, `select ${sql} as answer`))[0]?.answer;

describe('everything', () => {
  test('into an existing database: every step is told, its rows come back, what was there lies in a safety backup', async () => {
    const before = await scene.contentOf('live');
    const { code, stdout, stderr } = await scene.restore([scene.archive], {}, 'live\n');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const told of [
      /date: \d{4}-/,
      /size: [\d.]+ KB/,
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
    expect(readFileSync(join(scene.folder, 'data', 'restore.log'), 'utf8')).toContain('into live: success');
    await scene.server.sql('live', 'drop table notes');
    expect(await scene.contentOf('live')).toBe(await scene.contentOf('origin'));

    // The safety backup brings back what was overwritten.
    const [safety] = scene.safetyBackups();
    const file = join(scene.folder, 'backups', safety ?? '');
    expect(await scene.restore([file, '--target-db', 'back', '--force'])).toMatchObject({ code: 0 });
    expect(await scene.contentOf('back')).toBe(before);
  });

  test('into a database that does not exist: it is created, without a safety backup', async () => {
    const name = `it's "ünder" スー`;
    const { code, stdout } = await scene.restore([scene.archive, '--target-db', name], {}, `${name}\n`);
    expect(code).toBe(0);
    expect(stdout).toContain('does not exist on this server');
    expect(await scene.contentOf(name)).toBe(await scene.contentOf('origin'));
    expect(scene.safetyBackups()).toEqual([]);
  });

  test('--force --no-safety-backup asks nothing and takes none', async () => {
    const { code, stderr } = await scene.restore([scene.archive, '--force', '--no-safety-backup']);
    expect({ code, asked: stderr.includes('Type') }).toEqual({ code: 0, asked: false });
    expect(scene.safetyBackups()).toEqual([]);
    expect(await answer('live', '(select count(*)::int from items)')).toBe(100);
  });

  test('--dry-run says what would be done, and changes nothing', async () => {
    const before = await scene.contentOf('live');
    const { code, stdout } = await scene.restore([scene.archive, '--dry-run', '--verbose']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/replaces 2 tables/);
    expect(stdout).toMatch(/\d+; \d+ \d+ TABLE DATA public items/);
    expect(stdout).toContain('a safety backup of live would be taken first');
    expect(stdout).toContain('dry run: nothing was changed');
    expect(await scene.contentOf('live')).toBe(before);
    expect(scene.safetyBackups()).toEqual([]);
  });

  test('an encrypted backup, opened with --identity', async () => {
    const key = join(scene.folder, 'key.txt');
    await program('age-keygen', ['-o', key]);
    const recipient = /age1\w+/.exec(readFileSync(key, 'utf8'))?.[0] ?? '';
    const archive = await scene.backUp('origin', { BACKUP_AGE_RECIPIENTS: recipient });
    expect(archive).toMatch(/\.age$/);
    expect(await scene.restore([archive, '--force', '--target-db', 'copy'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('[wrong_key]') as string,
    });
    const { code } = await scene.restore([archive, '--force', '--target-db', 'copy', '--identity', key]);
    expect(code).toBe(0);
    expect(await scene.contentOf('copy')).toBe(await scene.contentOf('origin'));
  });

  test('a dump that pg_dump made by itself, gzipped: restored, and told what could not be checked', async () => {
    const file = join(scene.folder, 'by hand.dump');
    const url = scene.server.url('origin').reveal();
    await program(join(postgresBinDir(), 'pg_dump'), ['-Fc', '-f', file, '--dbname', url]);
    await program('gzip', [file]);
    const { code, stdout } = await scene.restore([`${file}.gz`, '--force']);
    expect(code).toBe(0);
    expect(stdout).toContain('There is no manifest');
    expect(stdout).toContain(
      'rows: 120 in 2 tables; without a manifest nothing tells how many there must be',
    );
    expect(await answer('live', '(select count(*)::int from items)')).toBe(100);
  });
});

describe('parts', () => {
  test('--tables brings a table back with index, key, sequence and view, and leaves the others alone', async () => {
    const { code, stdout } = await scene.restore([scene.archive, '--tables', 'items', '--force']);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/replaces 1 table: public\.items/);
    expect(await scene.contentOf('live', '--table=items*', '--table=dear')).toBe(
      await scene.contentOf('origin', '--table=items*', '--table=dear'),
    );
    expect(await answer('live', '(select name from users where id = 1)')).toBe('wrong');
    expect(await answer('live', "nextval('items_id_seq')::int")).toBe(101);
  });

  test('--tables of a table that others point at takes their keys along', async () => {
    const { code } = await scene.restore([scene.archive, '--tables', 'public.users', '--force']);
    expect(code).toBe(0);
    expect(await answer('live', '(select name from users where id = 1)')).toBe('user 1');
    expect(await answer('live', '(select count(*)::int from items)')).toBe(40);
    await expect(
      scene.server.sql('live', 'insert into items (owner, price) values (999, 1)'),
    ).rejects.toThrow(/foreign key/);
  });

  test('--tables into a new database brings what they need, and says what it leaves out', async () => {
    const { code, stdout } = await scene.restore([
      scene.archive,
      '--tables',
      'items',
      '--force',
      '--target-db',
      'copy',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /left out, because it needs other tables: FK CONSTRAINT public items items_owner_fkey/,
    );
    expect(await answer('copy', '(select count(*)::int from dear)')).toBe(50);
    expect(await answer('copy', "to_regclass('users')")).toBeNull();
  });

  test('--schema-only, then --data-only into the empty tables', async () => {
    const schema = await scene.restore([scene.archive, '--schema-only', '--force', '--target-db', 'copy']);
    expect(schema.code).toBe(0);
    expect(await answer('copy', '(select count(*)::int from items)')).toBe(0);
    const data = await scene.restore([scene.archive, '--data-only', '--force', '--target-db', 'copy']);
    expect(data.code).toBe(0);
    expect(await scene.contentOf('copy')).toBe(await scene.contentOf('origin'));
  });

  test('--no-owner where the roles of the backup are not on this server', async () => {
    await scene.server.sql('postgres', 'create role app');
    await scene.server.sql('postgres', 'create database owned template origin');
    await scene.server.sql('owned', 'alter table items owner to app; grant select on users to app');
    const archive = await scene.backUp('owned');
    await scene.server.sql('postgres', 'drop database owned');
    await scene.server.sql('postgres', 'drop role app');
    expect(await scene.restore([archive, '--force', '--target-db', 'copy'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the server lacks roles that the backup names: app') as string,
    });
    const { code, stdout } = await scene.restore([archive, '--force', '--target-db', 'copy', '--no-owner']);
    expect(code).toBe(0);
    expect(stdout).toContain('grants are left out');
    expect(await answer('copy', '(select count(*)::int from items)')).toBe(100);
  });
});

describe('around it', () => {
  test('RESTORE_MIGRATE_COMMAND runs without a shell against the target, and inherits no key of this installation', async () => {
    const { code, stdout } = await scene.restore([scene.archive, '--force', '--target-db', 'copy'], {
      RESTORE_MIGRATE_COMMAND: `sh -c 'test -z "$HOLDFAST_SECRET" && psql -qc "create table migrated ()" "$DATABASE_URL"'`,
      HOLDFAST_SECRET: 'a-secret-of-at-least-thirty-two-characters',
    });
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(await answer('copy', "to_regclass('migrated')::text")).toBe('migrated');
    const failing = await scene.restore([scene.archive, '--force', '--target-db', 'other'], {
      RESTORE_MIGRATE_COMMAND: 'false',
    });
    expect(failing.code).toBe(1);
    expect(failing.stderr).toContain('other was restored and its rows agree, but the migrations failed');
  });

  test('with a catalogue: the audit log tells of it, and the console lists the safety backup', async () => {
    const { code } = await scene.restore([scene.archive, '--force'], {
      DATABASE_URL: catalogue.url.reveal(),
    });
    expect(code).toBe(0);
    const rows = await catalogue.raw`select details from audit_entries where action = 'restore.run'`;
    expect(rows[0]?.['details']).toMatchObject({ targetDatabase: 'live', tables: 2 });
    expect(await catalogue.raw`select filename, requested_by, description from backups`).toMatchObject([
      {
        filename: scene.safetyBackups()[0],
        requested_by: 'restore.sh',
        description: 'before a restore into live',
      },
    ]);
  });

  test('with the catalogue down it restores all the same', async () => {
    const port = await freePort();
    const { code, stderr } = await scene.restore([scene.archive, '--force'], {
      DATABASE_URL: `postgres://x@127.0.0.1:${String(port)}/x`,
    });
    expect(code).toBe(0);
    expect(stderr).toContain('the catalogue does not answer');
  });

  test('on a terminal without an argument: the numbered list, newest first, and the typed YES', async () => {
    const backups = join(scene.folder, 'backups');
    mkdirSync(backups);
    for (const name of [scene.archive, manifestNameOf(scene.archive)])
      copyFileSync(name, join(backups, basename(name)));
    writeFileSync(join(backups, 'older_2001-01-01_01-00.dump'), 'not a dump');
    const terminal = (input: string): Promise<{ code: number | null; said: string }> =>
      new Promise((resolve) => {
        const child = spawn(
          'script',
          ['--quiet', '--return', '--command', SCRIPT('restore.sh'), '/dev/null'],
          {
            env: { ...scene.environment(), SHELL: '/bin/sh' },
            cwd: scene.folder,
          },
        );
        let said = '';
        const answers = input.split('\n');
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (/(to restore|confirm restore): $/.test(said)) {
            child.stdin.write(`${answers.shift() ?? ''}\n`);
            said += '\n';
          }
        });
        child.once('exit', (code) => {
          resolve({ code, said });
        });
      });
    const before = await scene.contentOf('live');
    expect(await terminal('1\nyes')).toMatchObject({
      code: 3,
      said: expect.stringContaining('nothing was changed') as string,
    });
    expect(await terminal('9')).toMatchObject({ code: 3 });
    expect(await scene.contentOf('live')).toBe(before);
    const { code, said } = await terminal('1\nYES');
    expect(said).toMatch(/ {2}1\. ims_backup_\S+ \(\d{4}-\d\d-\d\d \d\d:\d\d UTC, [\d.]+ KB, of origin\)/);
    expect(said).toMatch(/ {2}2\. older_\S+/);
    expect(said).toContain('will OVERWRITE the database live');
    expect(code).toBe(0);
    expect(await answer('live', '(select count(*)::int from items)')).toBe(100);
  });
});
