import { execFile, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { manifestNameOf, Manifest, manifestText } from '#lib/contracts/manifest.ts';
import { sealManifest } from '#lib/pipeline/manifest-checksum.ts';
import { describeWith } from '#tests/support/needs.ts';
import { freePort, postgresBinDir } from '#tests/support/postgres.ts';
import { createRestoreScene, SCRIPT, type RestoreScene } from '#tests/support/restore-scene.ts';
import { startS3, type TestS3 } from '#tests/support/s3.ts';

const program = promisify(execFile);
let scene: RestoreScene;
/** Of the live database before each test: whatever is refused must leave it so. */
let before: string;
beforeAll(async () => {
  scene = await createRestoreScene();
});
afterAll(() => scene[Symbol.asyncDispose]());
beforeEach(async () => {
  await scene.begin();
  before = await scene.contentOf('live');
});
afterEach(() => scene.end());

async function expectAsBefore(): Promise<void> {
  expect(await scene.contentOf('live')).toBe(before);
}
/** The archive with other bytes, its manifest beside it. */
function damaged(change: (bytes: Buffer) => Buffer): string {
  const file = join(scene.folder, basename(scene.archive));
  copyFileSync(manifestNameOf(scene.archive), manifestNameOf(file));
  writeFileSync(file, change(readFileSync(scene.archive)));
  return file;
}
const readManifest = (): Manifest =>
  Manifest.parse(JSON.parse(readFileSync(manifestNameOf(scene.archive), 'utf8')));
function withManifest(change: (manifest: Manifest) => Manifest): string {
  const file = damaged((bytes) => bytes);
  writeFileSync(manifestNameOf(file), manifestText(sealManifest(change(readManifest()))));
  return file;
}
const flip = (bytes: Buffer): Buffer => {
  const changed = Buffer.from(bytes);
  const middle = Math.floor(changed.length / 2);
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  return changed;
};

describe('3: wrong usage or configuration; nothing was touched', () => {
  test.each([
    ['an unknown option', ['--bogus', 'x.dump'], {}, /\[usage\]/],
    ['no file and no terminal', [], {}, /Usage: [\s\S]*no BACKUP_FILE was given/],
    ['a file that is not there', ['nowhere.dump', '--force'], {}, /\[not_found\]/],
    ['a folder', [tmpdir(), '--force'], {}, /is a folder, not an archive \[usage\]/],
    ['a table the backup has not', ['ARCHIVE', '--tables', 'nowhere', '--force'], {}, /no table "nowhere"/],
    ['rows where only data comes', ['ARCHIVE', '--data-only', '--force'], {}, /\[target_not_empty\]/],
    [
      'data for a database that is not there',
      ['ARCHIVE', '--data-only', '--force', '--target-db', 'x'],
      {},
      /x does not exist/,
    ],
    [
      'a production database from development',
      ['ARCHIVE', '--force'],
      { HOLDFAST_ENVIRONMENT: 'development', HOLDFAST_PRODUCTION_DATABASES: 'other, live' },
      /live is a production database, and this installation is marked development/,
    ],
    [
      'the database of a server elsewhere from development',
      ['ARCHIVE', '--force'],
      { HOLDFAST_ENVIRONMENT: 'development', PGHOST: 'db.invalid' },
      /live at db\.invalid may be a production database/,
    ],
  ] as const)('%s', async (_name, args, more, said) => {
    const { code, stderr } = await scene.restore(
      args.map((arg) => (arg === 'ARCHIVE' ? scene.archive : arg)),
      more,
    );
    expect(stderr).toMatch(said);
    expect(code).toBe(3);
    await expectAsBefore();
  });

  test('another name is typed, or nobody answers', async () => {
    const typed = await scene.restore([scene.archive], {}, 'Live\n');
    expect(typed).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('what was typed is not "live"; nothing was changed') as string,
    });
    expect(await scene.restore([scene.archive])).toMatchObject({ code: 3 });
    expect(scene.safetyBackups()).toEqual([]);
    await expectAsBefore();
  });
});

describe('4: the backup, or what came of it, is not what it must be', () => {
  test.each([
    [
      'cut at 40 %',
      (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length * 0.4)),
      /shorter than what was written/,
    ],
    ['one bit flipped', flip, /not what was written|cannot be decoded/],
    [
      'something appended',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]),
      /longer than what was written/,
    ],
  ])('%s', async (_name, change, said) => {
    const { code, stderr } = await scene.restore([damaged(change), '--force']);
    expect(stderr).toMatch(said);
    expect(code).toBe(4);
    expect(scene.safetyBackups()).toEqual([]);
    await expectAsBefore();
  });

  test('a manifest with another hash, or edited', async () => {
    const other = withManifest((manifest) => ({
      ...manifest,
      stored: { ...manifest.stored, sha256: '0'.repeat(64) },
    }));
    expect(await scene.restore([other, '--force'])).toMatchObject({ code: 4 });
    const file = damaged((bytes) => bytes);
    writeFileSync(manifestNameOf(file), manifestText({ ...readManifest(), description: 'edited' }));
    expect(await scene.restore([file, '--force'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('the manifest was changed after it was written') as string,
    });
    await expectAsBefore();
  });

  test('a dump without a manifest that was cut', async () => {
    const file = join(scene.folder, 'cut.dump');
    await program(join(postgresBinDir(), 'pg_dump'), [
      '-Fc',
      '-f',
      file,
      '--dbname',
      scene.server.url('origin').reveal(),
    ]);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * 0.8)));
    const { code, stderr } = await scene.restore([file, '--force']);
    expect({ code, stderr }).toMatchObject({ code: 4 });
    await expectAsBefore();
  });

  test('rows that are not those of the manifest: told by table', async () => {
    const file = withManifest((manifest) => ({
      ...manifest,
      facts: {
        ...manifest.facts,
        tables: manifest.facts.tables.map((fact) => (fact.name === 'items' ? { ...fact, rows: 101 } : fact)),
      },
    }));
    const { code, stdout, stderr } = await scene.restore([file, '--force', '--target-db', 'copy']);
    expect(code).toBe(4);
    expect(stdout).toContain('public.items: expected 101, found 100');
    expect(stderr).toContain('copy was restored, but its rows are not those of the backup');
  });
});

describe('1: the restore failed; the database is as it was', () => {
  test('no server, or one that refuses the sign-in', async () => {
    const port = await freePort();
    expect(await scene.restore([scene.archive, '--force'], { PGPORT: String(port) })).toMatchObject({
      code: 1,
    });
    const { code, stderr, stdout } = await scene.restore([scene.archive, '--force'], {
      PGPASSWORD: 'canary',
    });
    expect({ code, told: stderr.includes('[source_auth]') }).toEqual({ code: 1, told: true });
    expect(stderr + stdout).not.toContain('canary');
    await expectAsBefore();
  });

  test('something here is built on what is replaced', async () => {
    await scene.server.sql('live', 'create view mine as select * from items');
    before = await scene.contentOf('live');
    const { code, stderr } = await scene.restore([scene.archive, '--force']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot drop table .*items because other objects depend on it/);
    expect(stderr).toMatch(/live is as it was before \(its safety backup is \S+before_restore\S+\)/);
    await expectAsBefore();
  });

  test('rows of another table that the restored ones do not fit', async () => {
    await scene.server.sql(
      'live',
      "insert into users (name) values ('new'); insert into items (owner, price) values (21, 1)",
    );
    before = await scene.contentOf('live');
    const { code, stderr } = await scene.restore([scene.archive, '--tables', 'users', '--force']);
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toContain('violates foreign key constraint');
    await expectAsBefore();
  });

  /** Starts the script, and sends it Ctrl-C as soon as it said this. */
  const interrupted = (
    args: readonly string[],
    when: RegExp,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const child = spawn(SCRIPT('restore.sh'), [...args], { env: scene.environment(), cwd: scene.folder });
      let stdout = '';
      let stderr = '';
      let isSent = false;
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        if (isSent || !when.test(stdout)) return;
        isSent = true;
        child.kill('SIGINT');
      });
      child.once('close', (code) => {
        resolve({ code, stdout, stderr });
      });
    });

  test('Ctrl-C while it waits for a lock: it says who holds it, and in which state the database is', async () => {
    const other = postgres(scene.server.url('live').reveal(), {
      max: 1,
      connection: { application_name: 'shop' },
    });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const holding = other.begin(async (tx) => {
      await tx`lock table items in access share mode`;
      await held;
    });
    const { code, stdout, stderr } = await interrupted([scene.archive, '--force'], /waiting for a lock/);
    release();
    await holding;
    await other.end();
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stdout).toMatch(/waiting for a lock that is held by shop \(process \d+\)/);
    expect(stderr).toMatch(/the restore was stopped; live is as it was before \(its safety backup is \S+\)/);
    await expectAsBefore();
  });

  test('Ctrl-C while a new database is filled: it is gone again', async () => {
    await scene.server.createDatabase('slow');
    await scene.server.sql(
      'slow',
      `create function dawdle(int) returns int immutable language plpgsql as 'begin perform pg_sleep(0.2); return $1; end';
       create table t as select g id from generate_series(1, 10) g; create index on t (dawdle(id))`,
    );
    const archive = await scene.backUp('slow');
    const { code, stderr } = await interrupted([archive, '--force', '--target-db', 'copy'], /restoring\n/);
    expect(code).toBe(1);
    expect(stderr).toContain('copy had only just been created and was dropped again');
    const left = await scene.server.sql('postgres', "select from pg_database where datname = 'copy'");
    expect(left).toEqual([]);
  });
});

describeWith('s3')('--from-s3', () => {
  let s3: TestS3;
  let bucket: string;
  beforeAll(async () => {
    s3 = await startS3();
    bucket = await s3.createBucket('restore');
  });
  afterAll(() => s3.stop());
  const keys = (): Record<string, string> => ({
    BACKUP_S3_ENDPOINT: s3.endpoint,
    BACKUP_S3_ACCESS_KEY: s3.accessKey,
    BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
  });

  test('0 from the key that backup.sh told; 2 where it cannot be downloaded; 4 where it was damaged', async () => {
    const uploaded = await scene.run(SCRIPT('backup.sh'), ['--upload-s3', '--s3-bucket', bucket], {
      PGDATABASE: 'origin',
      ...keys(),
    });
    const key = /uploaded: s3:\/\/[^/]+\/(\S+)/.exec(uploaded.stdout)?.[1] ?? '';
    const from = (name: string, more: Record<string, string> = {}) =>
      scene.restore(['--from-s3', name, '--s3-bucket', bucket, '--force', '--target-db', 'copy'], {
        ...keys(),
        ...more,
      });
    expect(await from(`${key}.nowhere`)).toMatchObject({ code: 2 });
    expect(await from(key, { BACKUP_S3_SECRET_KEY: 'canary-of-a-wrong-secret' })).toMatchObject({
      code: 2,
      stderr: expect.not.stringContaining('canary') as string,
    });
    const { code, stdout } = await from(key);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain(`downloading s3://${bucket}/${key}`);
    expect(await scene.contentOf('copy')).toBe(await scene.contentOf('origin'));

    const object = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const bytes = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
    await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: flip(bytes) }));
    expect(await from(key)).toMatchObject({ code: 4 });
  });
});
