import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import type { Secret } from '#lib/core/secret.ts';
import {
  backupWhere,
  isOver,
  queueBackup,
  RESTORE_KIT,
  seeBackup,
  switchProofsOff,
} from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startS3, type TestS3 } from '#tests/support/s3.ts';
import { startThrottle, type Throttle } from '#tests/support/throttle.ts';
import { eventually, startWorkerProcess } from '#tests/support/worker.ts';

let server: TestPostgres;
let s3: TestS3;
let throttle: Throttle;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;
let bucket: string;

beforeAll(async () => {
  [server, s3] = await Promise.all([startPostgres(), startS3()]);
  throttle = await startThrottle(server.port);
  bucket = await s3.createBucket('worker');
  await server.createDatabase('ims_db');
  // More than one part of a multipart upload, of bytes that do not shrink.
  await server.sql(
    'ims_db',
    `create table blobs (id int primary key, body text not null);
     insert into blobs select i, (select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j)
       from generate_series(1, 20000) i;`,
  );
  catalogue = await createCatalogue(server);
  await switchProofsOff(catalogue.raw);
  engine = await createEngine(catalogue, {
    PGHOST: '127.0.0.1',
    PGPORT: String(throttle.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'ims_db',
    BACKUP_STORAGE: 's3',
    BACKUP_S3_BUCKET: bucket,
    BACKUP_S3_ENDPOINT: s3.endpoint,
    BACKUP_S3_ACCESS_KEY: s3.accessKey,
    BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
  });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await throttle[Symbol.asyncDispose]();
  await Promise.all([server[Symbol.asyncDispose](), s3.stop()]);
});

const uploads = async () =>
  (await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
const keys = async () =>
  ((await s3.client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? [])
    .map(({ Key }) => Key ?? '')
    .filter((key) => !RESTORE_KIT.some((name) => key.endsWith(`/${name}`)))
    .sort();

test('kill -9 in mid-upload: the next worker fails the run and aborts the upload; the earlier backup stays', async () => {
  const queue = (isJobLost = false) => queueBackup(engine, { destinations: ['s3'], isJobLost });
  await using first = startWorkerProcess(engine.environment);
  await first.until('worker is ready');
  const earlier = await queue();
  const good = await backupWhere(catalogue.raw, earlier, isOver, first.log);
  expect(good, first.log()).toMatchObject({ status: 'COMPLETED', copies: [{ status: 'STORED' }] });
  const before = await keys();
  const key = good.copies[0]?.key ?? '';
  expect(before).toEqual([key, manifestNameOf(key)]);

  throttle.limit(2_000_000);
  const id = await queue();
  await eventually(async () => (await uploads()).length > 0, first.log);
  await first.kill('SIGKILL');
  expect(await keys()).toEqual(before);
  expect(await uploads()).toHaveLength(1);

  throttle.limit(Infinity);
  await using second = startWorkerProcess(engine.environment);
  const failed = await backupWhere(catalogue.raw, id, isOver, second.log);
  expect(failed).toMatchObject({ status: 'FAILED', errorCode: 'interrupted' });
  await eventually(async () => (await uploads()).length === 0, second.log);
  expect(await keys()).toEqual(before);
  await eventually(
    async () => (await seeBackup(catalogue.raw, id)).copies.every(({ status }) => status === 'REMOVED'),
    second.log,
  );
  const again = await queue();
  expect(await backupWhere(catalogue.raw, again, isOver, second.log)).toMatchObject({ status: 'COMPLETED' });
  expect(await second.kill('SIGTERM')).toBe(0);
});
