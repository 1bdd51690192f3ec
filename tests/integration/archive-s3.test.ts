import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { createServer } from 'node:tls';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import type { Destination } from '#lib/contracts/backup.ts';
import { Manifest, manifestNameOf } from '#lib/contracts/manifest.ts';
import type { Secret } from '#lib/core/secret.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { runRemove } from '#lib/engine/remove.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { defaultS3Limits, type S3Limits } from '#lib/storage/s3/s3-client.ts';
import { filesUnder, queueBackup, RESTORE_KIT, seeBackup, type SeenBackup } from '#tests/support/backups.ts';
import { createAuthority, issueCertificate } from '#tests/support/certificates.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startFaultProxy, type FaultProxy, type Rule } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { restoreArchive } from '#tests/support/restore-archive.ts';
import { startS3, type TestS3 } from '#tests/support/s3.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/backup.sh', import.meta.url));
const PART_BYTES = 5 * 1024 * 1024;
const WRONG_SECRET = 'canary-wrong-secret-0123456789';

describeWith('s3')('archives in a real S3 server', () => {
  let server: TestPostgres;
  let s3: TestS3;
  let proxy: FaultProxy;
  let bucket: string;
  let catalogue: Catalogue & { readonly url: Secret };
  let engine: TestEngine;
  let folder: string;
  const usual = { ...defaultS3Limits };
  /** As in production, but small parts and few tries; only a stall needs little patience: the machine may be slow. */
  const limit = (changes: Partial<S3Limits>) => Object.assign(defaultS3Limits, changes);

  beforeAll(async () => {
    limit({ partMinBytes: PART_BYTES, idleTimeoutMs: 30_000, attempts: 2, firstPauseMs: 20 });
    folder = mkdtempSync(join(tmpdir(), 'hf-archive-s3-'));
    [server, s3] = await Promise.all([startPostgres(), startS3()]);
    proxy = await startFaultProxy(s3.endpoint);
    bucket = await s3.createBucket('archives');
    await server.createDatabase('ims_db');
    // Three parts of a multipart upload, of bytes that do not shrink.
    await server.sql(
      'ims_db',
      `create table blobs (id int primary key, body bytea not null);
       insert into blobs select i, decode((select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j), 'hex')
         from generate_series(1, 12000) i;
       create table items (id int primary key, name text);
       insert into items select i, 'item ' || i from generate_series(1, 500) i`,
    );
    catalogue = await createCatalogue(server);
    engine = await createEngine(catalogue, {
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGPASSWORD: 'postgres',
      PGDATABASE: 'ims_db',
      BACKUP_STORAGE: 's3',
      BACKUP_S3_BUCKET: bucket,
      BACKUP_S3_ENDPOINT: proxy.endpoint,
      BACKUP_S3_ACCESS_KEY: s3.accessKey,
      BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
    });
  });
  afterAll(async () => {
    limit(usual);
    await engine[Symbol.asyncDispose]();
    await catalogue.close();
    await proxy.close();
    await Promise.all([server[Symbol.asyncDispose](), s3.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    proxy.clear();
    limit({ idleTimeoutMs: 30_000 });
  });
  const strike = (rule: Rule): void => {
    if (rule.fault.kind === 'stall-upload') limit({ idleTimeoutMs: 1_500 });
    proxy.add(rule);
  };

  const keys = async (): Promise<string[]> =>
    ((await s3.client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? [])
      .map(({ Key }) => Key ?? '')
      .sort();
  const uploads = async (): Promise<number> =>
    (await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads?.length ?? 0;
  const bytesOf = async (key: string): Promise<Buffer> => {
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return buffer(Body as Readable);
  };
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const local = () => filesUnder(engine.config.localPath);
  const dumps = () =>
    server.sql(
      'postgres',
      `select 1 from pg_stat_activity where application_name in ('pg_dump', 'holdfast-backup')`,
    );
  const count = async (database: string, table: string): Promise<number> =>
    Number((await server.sql<{ n: string }>(database, `select count(*) n from ${table}`))[0]?.n);

  /** One backup as the worker takes it, of this installation with these variables changed. */
  async function take(
    more: Record<string, string> = {},
    destinations: Destination[] = ['s3'],
  ): Promise<SeenBackup> {
    const config = parseConfig({ PATH: process.env['PATH'], ...engine.environment, ...more });
    const id = await queueBackup(engine, { destinations, isJobLost: true });
    const signals = { run: new AbortController().signal, turn: new AbortController().signal };
    await runBackup({ ...engine, config }, id, signals);
    return seeBackup(catalogue.raw, id);
  }
  async function good(more?: Record<string, string>, destinations?: Destination[]): Promise<SeenBackup> {
    const backup = await take(more, destinations);
    expect(backup).toMatchObject({ status: 'COMPLETED', errorCode: null });
    return backup;
  }
  async function restored(filename: string, bytes: Buffer, identityFile?: string): Promise<string> {
    const name = `restored_${sha256(bytes).slice(0, 8)}`;
    const path = join(folder, filename);
    writeFileSync(path, bytes);
    await restoreArchive(
      path,
      await server.createDatabase(name),
      identityFile === undefined ? {} : { identityFile },
    );
    return name;
  }

  test('an encrypted archive opens with stock age, zstd and pg_restore, and its row tells the truth', async () => {
    const identityFile = join(folder, 'key');
    const identity = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    writeFileSync(identityFile, identity);
    const backup = await good({ BACKUP_AGE_RECIPIENTS: /age1[0-9a-z]+/.exec(identity)?.[0] ?? '' });
    const key = backup.copies[0]?.key ?? '';
    expect(backup.copies).toMatchObject([{ destination: 's3', status: 'STORED' }]);
    expect(key).toMatch(/^backups\/manual\/\d{4}-\d\d-\d\d\/ims_backup_[\d-]+_\d\d-\d\d\.dump\.zst\.age$/);
    expect(key.endsWith(`/${backup.filename}`)).toBe(true);
    const bytes = await bytesOf(key);
    expect(bytes.length).toBeGreaterThan(2 * PART_BYTES);
    expect({ size: backup.sizeBytes, sha256: backup.checksum }).toEqual({
      size: bytes.length,
      sha256: sha256(bytes),
    });
    const manifest = Manifest.parse(JSON.parse((await bytesOf(manifestNameOf(key))).toString('utf8')));
    expect(manifest).toMatchObject({ id: backup.id, stored: { sha256: backup.checksum } });
    expect(local()).toEqual([]);
    const database = await restored(backup.filename, bytes, identityFile);
    expect([await count(database, 'items'), await count(database, 'blobs')]).toEqual([500, 12_000]);
  });

  test('local and S3 hold the same bytes and a manifest each; a gzip one is a plain .dump', async () => {
    const backup = await good({ BACKUP_COMPRESSION: 'gzip' }, ['local', 's3']);
    expect(backup.filename).toMatch(/\.dump$/);
    expect(backup.copies.map(({ destination, status }) => `${destination} ${status}`).sort()).toEqual([
      'local STORED',
      's3 STORED',
    ]);
    const key = backup.copies.find(({ destination }) => destination === 's3')?.key ?? '';
    const here = (name: string) => readFileSync(join(engine.config.localPath, name));
    expect(sha256(here(backup.filename))).toBe(backup.checksum);
    expect(sha256(await bytesOf(key))).toBe(backup.checksum);
    expect(here(manifestNameOf(backup.filename)).equals(await bytesOf(manifestNameOf(key)))).toBe(true);
    expect(await count(await restored(backup.filename, here(backup.filename)), 'items')).toBe(500);

    // Deleting it removes both copies, both manifests, and nothing else.
    const others = (await keys()).filter((name) => ![key, manifestNameOf(key)].includes(name));
    await catalogue.raw`update backups set status = 'EXPIRED' where id = ${backup.id}`;
    await runRemove(engine, backup.id, AbortSignal.timeout(20_000));
    expect(await keys()).toEqual(others);
    expect(local()).toEqual([]);
    expect(await seeBackup(catalogue.raw, backup.id)).toMatchObject({ status: 'DELETED' });
  });

  let earlier: SeenBackup | undefined;
  const isPart = (method: string, url: string) => method === 'PUT' && /partNumber=2(&|$)/.test(url);
  const isArchive = (method: string, url: string) =>
    method === 'GET' && /\.dump[^/]*\?/.test(url) && !url.includes('manifest');

  test.each<[string, Rule]>([
    ['500s', { fault: { kind: 'status', status: 500 }, when: isPart, times: 1 }],
    [
      'a reset in the second part',
      { fault: { kind: 'reset-upload', atByte: 70_000 }, when: isPart, times: 1 },
    ],
    [
      'a stall in the second part',
      { fault: { kind: 'stall-upload', atByte: 70_000 }, when: isPart, times: 1 },
    ],
  ])('%s that pass cost nothing', async (_name, rule) => {
    strike(rule);
    const backup = await good();
    expect(sha256(await bytesOf(backup.copies[0]?.key ?? ''))).toBe(backup.checksum);
    expect(await uploads()).toBe(0);
  });

  test.each<[string, string, { env?: Record<string, string>; rule?: Rule }]>([
    ['a wrong secret', 'storage_auth', { env: { BACKUP_S3_SECRET_KEY: WRONG_SECRET } }],
    ['a missing bucket', 'config', { env: { BACKUP_S3_BUCKET: 'no-such-bucket' } }],
    [
      '500s that stay',
      'storage_unreachable',
      { rule: { fault: { kind: 'status', status: 500 }, when: isPart } },
    ],
    [
      'a stall',
      'storage_unreachable',
      { rule: { fault: { kind: 'stall-upload', atByte: 70_000 }, when: isPart } },
    ],
    [
      'resets that stay',
      'storage_unreachable',
      { rule: { fault: { kind: 'reset-upload', atByte: 1 }, when: isPart } },
    ],
    [
      'bytes changed on the way',
      'integrity',
      { rule: { fault: { kind: 'flip-download', atByte: 1_000_000 }, when: isArchive } },
    ],
    [
      'a read-back that breaks off',
      'short_read',
      { rule: { fault: { kind: 'reset-download', atByte: 1_000_000 }, when: isArchive } },
    ],
  ])('%s: FAILED %s with a hint, nothing left, earlier backups untouched', async (_name, code, bad) => {
    earlier ??= await good();
    const earlierKey = earlier.copies[0]?.key ?? '';
    const before = await keys();
    if (bad.rule !== undefined) strike(bad.rule);
    const failed = await take(bad.env);
    proxy.clear();
    expect(failed).toMatchObject({ status: 'FAILED', errorCode: code });
    expect(failed.errorHint).toMatch(/\.$/);
    expect(`${failed.errorMessage ?? ''} ${failed.errorHint ?? ''}`).not.toContain(WRONG_SECRET);
    expect(failed.copies.filter(({ status }) => status !== 'REMOVED')).toEqual([]);
    expect(await keys()).toEqual(before);
    expect(await uploads()).toBe(0);
    expect(local()).toEqual([]);
    expect(await dumps()).toEqual([]);
    expect(await seeBackup(catalogue.raw, earlier.id)).toEqual(earlier);
    const { ContentLength } = await s3.client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: earlierKey }),
    );
    expect(ContentLength).toBe(earlier.sizeBytes);
    expect(sha256(await bytesOf(earlierKey))).toBe(earlier.checksum);
  });

  const script = (
    args: readonly string[],
    more: Record<string, string> = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const env = {
        NODE_ENV: 'test' as const,
        PATH: process.env['PATH'],
        ...engine.environment,
        BACKUP_STORAGE: 'local',
        ...more,
      };
      execFile(SCRIPT, [...args], { env, cwd: folder }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  const newestRow = async () => {
    const [row] = await catalogue.raw<
      { id: string }[]
    >`select id from backups order by finished_at desc limit 1`;
    return seeBackup(catalogue.raw, row?.id ?? '');
  };

  test('backup.sh --upload-s3: 0, the key of BR-001, two copies that the catalogue knows', async () => {
    const { code, stdout, stderr } = await script(['--upload-s3', '--s3-bucket', bucket]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const row = await newestRow();
    expect(row.status).toBe('COMPLETED');
    const key = row.copies.find(({ destination }) => destination === 's3')?.key ?? '';
    expect(key).toMatch(/^backups\/daily\/(\d{4}-\d\d-\d\d)\/ims_backup_\1_\d\d-\d\d\.dump$/);
    expect(stdout).toContain(`s3://${bucket}/${key}`);
    expect(sha256(await bytesOf(key))).toBe(row.checksum);
    expect(sha256(readFileSync(join(engine.config.localPath, row.filename)))).toBe(row.checksum);
    expect(local()).toContain(manifestNameOf(row.filename));
    expect(await keys()).toContain(manifestNameOf(key));
  });

  test('backup.sh: the catalogue lists no copy where the console would not look for it', async () => {
    const other = await s3.createBucket('other');
    const elsewhere = join(folder, 'elsewhere');
    const before = (await catalogue.raw`select 1 from backups`).length;
    const nowhere = await script(['--output-dir', elsewhere, '--upload-s3', '--s3-bucket', other]);
    expect(nowhere.code).toBe(0);
    expect(nowhere.stderr).toMatch(/BACKUP_LOCAL_PATH.*\n.*BACKUP_S3_BUCKET/);
    expect(await catalogue.raw`select 1 from backups`).toHaveLength(before);
    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket: other }));
    const names = Contents?.map(({ Key }) => Key?.replace(/^.*\.dump/, 'archive'));
    expect(names?.toSorted()).toEqual(
      [...RESTORE_KIT.map((name) => `backups/${name}`), 'archive', 'archive.manifest.json'].toSorted(),
    );

    const half = await script(['--output-dir', elsewhere, '--upload-s3']);
    expect(half.code).toBe(0);
    expect(half.stderr).toMatch(/does not list this copy/);
    const row = await newestRow();
    expect(row.copies).toMatchObject([{ destination: 's3', status: 'STORED' }]);
    const path = await catalogue.raw`select storage_path as path from backups where id = ${row.id}`;
    expect(path).toEqual([{ path: row.copies[0]?.key }]);
  });

  test.each([
    ['a wrong secret', () => bucket, { BACKUP_S3_SECRET_KEY: WRONG_SECRET }, '[storage_auth]'],
    ['a missing bucket', () => 'no-such-bucket', {}, '[config]'],
  ])(
    'backup.sh --upload-s3 with %s: 2, the local backup stays, the row says FAILED',
    async (_name, name, more, code) => {
      const before = { keys: await keys(), local: local() };
      const ran = await script(['--upload-s3', '--s3-bucket', name()], more);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(code);
      expect(ran.stderr).toMatch(/HINT: .*\./);
      expect(ran.stdout + ran.stderr).not.toContain(WRONG_SECRET);
      expect(ran.stdout).toContain('the local backup was kept');
      expect(await keys()).toEqual(before.keys);
      expect(local()).toHaveLength(before.local.length + 2);
      const row = await newestRow();
      expect(row).toMatchObject({ status: 'FAILED', errorCode: code.slice(1, -1) });
      expect(local()).toEqual(expect.arrayContaining([row.filename, manifestNameOf(row.filename)]));
    },
  );

  test('backup.sh --upload-s3 over HTTPS: to a server whose authority is known, and to no other', async () => {
    const authority = createAuthority(folder, 'authority');
    const { certificate, key } = issueCertificate(folder, 'store', authority, 'IP:127.0.0.1');
    const { hostname, port } = new URL(s3.endpoint);
    const front = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (client) => {
      const upstream = connect(Number(port), hostname);
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    try {
      const there = {
        BACKUP_S3_ENDPOINT: `https://127.0.0.1:${String((front.address() as AddressInfo).port)}`,
      };
      const before = await keys();
      const refused = await script(['--upload-s3'], there);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(/certificate of .* is not trusted \[storage_unreachable\]/);
      expect(refused.stderr).toContain('NODE_EXTRA_CA_CERTS');
      expect(await keys()).toEqual(before);

      const known = { ...there, NODE_EXTRA_CA_CERTS: authority.certificate };
      expect(await script(['--upload-s3'], known)).toMatchObject({ code: 0 });
      const row = await newestRow();
      const stored = row.copies.find(({ destination }) => destination === 's3')?.key ?? '';
      expect(sha256(await bytesOf(stored))).toBe(row.checksum);
    } finally {
      front.close();
    }
  });
});
