import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { failRun } from '#db/queries/run.ts';
import { Manifest, manifestNameOf } from '#lib/contracts/manifest.ts';
import { AppError } from '#lib/core/errors.ts';
import type { Secret } from '#lib/core/secret.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { runRecover } from '#lib/engine/recover.ts';
import { runRemove } from '#lib/engine/remove.ts';
import { runRetain } from '#lib/engine/retain.ts';
import { defaultS3Limits } from '#lib/storage/s3/s3-client.ts';
import { filesUnder, queueBackup, seeBackup, type SeenBackup } from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startFaultProxy, type FaultProxy, type Rule } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { restoreArchive } from '#tests/support/restore-archive.ts';
import { startS3, type TestS3 } from '#tests/support/s3.ts';

const refuse = (when: (method: string, url: string) => boolean): Rule => ({
  fault: { kind: 'status', status: 503 },
  when,
});
const isWrite = (method: string) => method === 'PUT' || method === 'POST';
const isManifest = (url: string) => url.includes('manifest');

describeWith('s3')('a backup for two destinations of which the second fails', () => {
  let server: TestPostgres;
  let s3: TestS3;
  let proxy: FaultProxy;
  let bucket: string;
  let catalogue: Catalogue & { readonly url: Secret };
  let engine: TestEngine;
  const usual = { ...defaultS3Limits };

  beforeAll(async () => {
    Object.assign(defaultS3Limits, { attempts: 2, firstPauseMs: 20 });
    [server, s3] = await Promise.all([startPostgres(), startS3()]);
    proxy = await startFaultProxy(s3.endpoint);
    bucket = await s3.createBucket('further');
    await server.createDatabase('ims_db');
    await server.sql(
      'ims_db',
      `create table items (id int primary key, name text);
       insert into items select i, md5(i::text) from generate_series(1, 20000) i`,
    );
    catalogue = await createCatalogue(server);
    engine = await createEngine(catalogue, {
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGPASSWORD: 'postgres',
      PGDATABASE: 'ims_db',
      BACKUP_S3_BUCKET: bucket,
      BACKUP_S3_ENDPOINT: proxy.endpoint,
      BACKUP_S3_ACCESS_KEY: s3.accessKey,
      BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
    });
  });
  afterAll(async () => {
    Object.assign(defaultS3Limits, usual);
    await engine[Symbol.asyncDispose]();
    await catalogue.close();
    await proxy.close();
    await Promise.all([server[Symbol.asyncDispose](), s3.stop()]);
  });
  afterEach(async () => {
    proxy.clear();
    await catalogue.raw`update backups set status = 'EXPIRED' where status in ('FAILED', 'COMPLETED')`;
    for (const { id } of await catalogue.raw<
      { id: string }[]
    >`select id from backups where status = 'EXPIRED'`)
      await runRemove(engine, id, AbortSignal.timeout(20_000));
    expect(local()).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  const local = () => filesUnder(engine.config.localPath);
  const keys = async () =>
    ((await s3.client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(
      ({ Key }) => Key ?? '',
    );
  const uploads = async () =>
    (await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
  const recover = () => runRecover(engine, { ownActive: () => [], isThorough: true });
  const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const statusAt = (backup: SeenBackup) =>
    Object.fromEntries(backup.copies.map(({ destination, status }) => [destination, status]));

  async function take(rule: Rule, run = new AbortController().signal): Promise<SeenBackup> {
    const id = await queueBackup(engine, {
      tiers: ['DAILY'],
      destinations: ['local', 's3'],
      isJobLost: true,
    });
    proxy.add(rule);
    expect(await runBackup(engine, id, { run, turn: new AbortController().signal })).toBe('failed');
    return seeBackup(catalogue.raw, id);
  }

  test.each([
    ['its archive is refused', refuse((method, url) => isWrite(method) && !isManifest(url))],
    ['its manifest is refused', refuse((method, url) => isWrite(method) && isManifest(url))],
    [
      'what it gives back is not what was written',
      {
        fault: { kind: 'flip-download', atByte: 1000 },
        when: (method, url) => method === 'GET' && /\.dump[^/]*\?/.test(url) && !isManifest(url),
      },
    ],
  ] satisfies [string, Rule][])(
    '%s: FAILED, but the first copy and its manifest stay and restore',
    async (_name, rule) => {
      const failed = await take(rule);
      proxy.clear();
      expect(failed.status).toBe('FAILED');
      expect(['storage_unreachable', 'integrity']).toContain(failed.errorCode);
      expect(failed.errorHint).toMatch(/\.$/);
      expect(statusAt(failed)).toMatchObject({ local: 'STORED' });
      expect(statusAt(failed)['s3']).toMatch(/FAILED|REMOVED/);
      // Recovery finishes what could not be cleaned up then, and touches nothing good, however often it looks.
      await recover();
      await recover();
      const after = await seeBackup(catalogue.raw, failed.id);
      expect(statusAt(after)).toEqual({ local: 'STORED', s3: 'REMOVED' });
      expect(await keys()).toEqual([]);
      expect(await uploads()).toEqual([]);

      expect(local()).toEqual([failed.filename, manifestNameOf(failed.filename)]);
      const path = join(engine.config.localPath, failed.filename);
      expect(sha256(path)).toBe(failed.checksum);
      const manifest = Manifest.parse(JSON.parse(readFileSync(manifestNameOf(path), 'utf8')));
      expect(manifest).toMatchObject({ id: failed.id, stored: { sha256: failed.checksum } });
      const name = `restored_${failed.id.slice(0, 8)}`;
      await restoreArchive(path, await server.createDatabase(name));
      expect(await server.sql(name, 'select count(*)::int as n from items')).toEqual([{ n: 20_000 }]);

      // It is no restore point to retention, which neither counts it nor drops it.
      await catalogue.raw`update backups set created_at = now() - interval '1 year', started_at = now() - interval '1 year'
        where id = ${failed.id}`;
      expect(await runRetain(engine)).toBe(0);
      expect((await seeBackup(catalogue.raw, failed.id)).status).toBe('FAILED');
    },
  );

  test.each([
    ['cannot be reached', refuse(() => true), 'storage_unreachable'],
    ['refuses us', { fault: { kind: 'status', status: 403 }, when: () => true }, 'storage_auth'],
  ] satisfies [string, Rule, string][])(
    'it %s from the beginning: FAILED, but the dump is taken and the first copy stays',
    async (_name, rule, code) => {
      const failed = await take(rule);
      proxy.clear();
      expect(failed).toMatchObject({ status: 'FAILED', errorCode: code });
      expect(failed.errorHint).toMatch(/\.$/);
      await recover();
      expect(statusAt(await seeBackup(catalogue.raw, failed.id))).toEqual({ local: 'STORED' });
      expect(local()).toEqual([failed.filename, manifestNameOf(failed.filename)]);
      expect(sha256(join(engine.config.localPath, failed.filename))).toBe(failed.checksum);
    },
  );

  test('cancelled in the second copy: a person wanted none of it, so nothing stays', async () => {
    const cancel = new AbortController();
    const failed = await take(
      refuse((method, url) => {
        if (isWrite(method) && !isManifest(url))
          cancel.abort(new AppError('cancelled', 'cancelled by a person'));
        return false;
      }),
      cancel.signal,
    );
    expect(failed).toMatchObject({ status: 'FAILED', errorCode: 'cancelled' });
    expect(local()).toEqual([]);
  });

  test('the first copy breaks while the second is made: it is not kept as good', async () => {
    const failed = await take(
      refuse((method, url) => {
        if (!isWrite(method) || isManifest(url)) return false;
        const [archive] = local().filter((name) => !name.includes('.partial-'));
        const path = join(engine.config.localPath, archive ?? '');
        if (archive !== undefined && existsSync(path)) writeFileSync(path, 'broken', { flag: 'r+' });
        return true;
      }),
    );
    expect(failed).toMatchObject({ status: 'FAILED', errorCode: 'integrity' });
    proxy.clear();
    await recover();
    expect(statusAt(await seeBackup(catalogue.raw, failed.id))).toEqual({ local: 'REMOVED', s3: 'REMOVED' });
    expect(local()).toEqual([]);
  });

  test('a run that died after the read-back, before its last word, keeps nothing', async () => {
    const kept = await take(refuse((method) => isWrite(method)));
    proxy.clear();
    // As its worker's death would have left it: read back, manifest written, the row still IN_PROGRESS.
    await catalogue.raw`update backups set status = 'IN_PROGRESS', error_code = null where id = ${kept.id}`;
    await catalogue.raw`update backup_copies set status = 'WRITING' where backup_id = ${kept.id}`;
    await engine.db.transaction((tx) =>
      failRun(tx, kept.id, engine.workerId, new AppError('interrupted', 'the worker died')),
    );
    await recover();
    expect(local()).toEqual([]);
  });
});
