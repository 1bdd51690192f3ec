import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import { Secret } from '#lib/core/secret.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { openStorage, presignDownload } from '#lib/storage/registry.ts';
import { defaultS3Limits, type S3Limits } from '#lib/storage/s3/s3-client.ts';
import { createS3Storage } from '#lib/storage/s3/s3-storage.ts';
import { startFaultProxy, type FaultProxy } from '../support/faults.ts';
import { describeWith } from '../support/needs.ts';
import { freePort } from '../support/postgres.ts';
import { startS3, type TestS3 } from '../support/s3.ts';
import { quietContext } from '../support/storage-spec.ts';
import { bodyOf, bodyThen, codeOf, storageContract } from './storage.contract.ts';

const partBytes = 5 * 1024 * 1024;
/** As in production, but small parts and little patience. */
const limits: S3Limits = {
  ...defaultS3Limits,
  partMinBytes: partBytes,
  connectTimeoutMs: 1_000,
  idleTimeoutMs: 1_000,
  firstPauseMs: 20,
};
const sweepPrefix = 'backups/';

describeWith('s3')('with a real S3 server', () => {
  let server: TestS3;
  beforeAll(async () => {
    server = await startS3();
  });
  afterAll(async () => {
    await server.stop();
  });

  storageContract('s3', async () => {
    const s3 = server.config(await server.createBucket('contract'));
    return {
      // Patient: a machine under load may make the server slow.
      storage: createS3Storage(s3, { sweepPrefix, limits: { ...limits, idleTimeoutMs: 30_000 } }),
      spec: { kind: 's3', s3: { ...s3 }, secret: s3.secretKey.reveal(), partBytes },
      partBytes,
      // This server's gateway ignores the condition of a multipart completion.
      raceProofBytes: partBytes,
      addedMemoryMiB: 64,
      close: () => Promise.resolve(),
    };
  });

  describe('s3 storage behind a bad network', () => {
    let proxy: FaultProxy;
    let bucket: string;
    const open = (changes: Partial<S3Limits> = {}, into = bucket) =>
      createS3Storage(server.config(into, proxy.endpoint), {
        sweepPrefix,
        limits: { ...limits, ...changes },
      });
    const uploads = async (): Promise<number> =>
      (await server.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads?.length ?? 0;
    const isPart = (number?: number) => (method: string, url: string) =>
      method === 'PUT' && new RegExp(`partNumber=${number === undefined ? '' : `${number}(&|$)`}`).test(url);
    const isComplete = (method: string, url: string) => method === 'POST' && url.includes('uploadId=');
    const content = randomBytes(3 * partBytes + 100);
    beforeAll(async () => {
      proxy = await startFaultProxy(server.endpoint);
      bucket = await server.createBucket('faults');
    });
    afterAll(() => proxy.close());
    afterEach(() => {
      proxy.clear();
    });

    it('500s, then recovery: the object arrives whole', async () => {
      proxy.add({ fault: { kind: 'status', status: 500 }, times: 2 });
      proxy.add({ fault: { kind: 'status', status: 503, code: 'SlowDown' }, when: isPart(), times: 4 });
      proxy.add({ fault: { kind: 'status', status: 500 }, when: isComplete, times: 2 });
      const storage = open();
      await storage.put(quietContext(), 'backups/recovered', bodyOf(content));
      proxy.clear();
      expect((await buffer(await storage.get(quietContext(), 'backups/recovered'))).equals(content)).toBe(
        true,
      );
      await storage.close();
    });

    it('500s for ever are storage_unreachable, with nothing left', async () => {
      proxy.add({ fault: { kind: 'status', status: 500 }, when: isPart(2) });
      const storage = open();
      const key = 'backups/never';
      const body = bodyThen(2 * partBytes + 1, () => undefined);
      expect(await codeOf(() => storage.put(quietContext(), key, body))).toBe('storage_unreachable');
      expect(body.destroyed).toBe(true);
      expect(await storage.stat(quietContext(), key)).toBeNull();
      expect(await uploads()).toBe(0);
      await storage.close();
    });

    it('a reset at byte n in each part is repaired', async () => {
      const storage = open();
      for (const part of [1, 2, 3, 4]) {
        for (const atByte of part === 4 ? [0, 50] : [0, 1, partBytes - 1]) {
          const key = `backups/reset-${part}-${atByte}`;
          proxy.add({ fault: { kind: 'reset-upload', atByte }, when: isPart(part), times: 1 });
          await storage.put(quietContext(), key, bodyOf(content));
          proxy.clear();
          expect((await buffer(await storage.get(quietContext(), key))).equals(content)).toBe(true);
        }
      }
      await storage.close();
    });

    it('resets for ever are storage_unreachable, with nothing left', async () => {
      const storage = open();
      for (const [key, sizeBytes] of [
        ['backups/reset-large', content.length],
        ['backups/reset-small', 1000],
      ] as const) {
        proxy.add({ fault: { kind: 'reset-upload', atByte: 10 }, when: (method) => method === 'PUT' });
        const put = () => storage.put(quietContext(), key, bodyOf(content.subarray(0, sizeBytes)));
        expect(await codeOf(put)).toBe('storage_unreachable');
        proxy.clear();
        expect(await storage.stat(quietContext(), key)).toBeNull();
      }
      expect(await uploads()).toBe(0);
      await storage.close();
    });

    it('a stalled upload is storage_unreachable in bounded time', async () => {
      const storage = open({ attempts: 2 });
      proxy.add({ fault: { kind: 'stall-upload', atByte: 100_000 }, when: isPart(2) });
      const startedAt = performance.now();
      const put = () => storage.put(quietContext(), 'backups/stalled', bodyOf(content));
      expect(await codeOf(put)).toBe('storage_unreachable');
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      proxy.clear();
      expect(await storage.stat(quietContext(), 'backups/stalled')).toBeNull();
      expect(await uploads()).toBe(0);
      await storage.close();
    });

    it('a cancel ends a stalled upload at once', async () => {
      const storage = open({ idleTimeoutMs: 60_000 });
      proxy.add({ fault: { kind: 'stall-upload', atByte: 100_000 }, when: isPart(2), times: 1 });
      const controller = new AbortController();
      const reason = new AppError('cancelled', 'cancelled by a person');
      setTimeout(() => {
        controller.abort(reason);
      }, 500);
      const startedAt = performance.now();
      const put = storage.put(quietContext(controller.signal), 'backups/cancelled', bodyOf(content));
      await expect(put).rejects.toBe(reason);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      proxy.clear();
      expect(await uploads()).toBe(0);
      await storage.close();
    });

    it('a lost answer is no failure when the server did what it was asked', async () => {
      const storage = open();
      proxy.add({ fault: { kind: 'lose-answer' }, when: isComplete, times: 1 });
      expect((await storage.put(quietContext(), 'backups/lost-large', bodyOf(content))).sizeBytes).toBe(
        content.length,
      );
      const isPut = (method: string) => method === 'PUT';
      proxy.add({ fault: { kind: 'lose-answer' }, when: isPut, times: 1 });
      expect(
        (await storage.put(quietContext(), 'backups/lost-small', bodyOf(Buffer.from('x')))).sizeBytes,
      ).toBe(1);
      await storage.close();
    });

    it('a server without conditional puts answers 501: still no clobber', async () => {
      const storage = open();
      proxy.add({
        fault: { kind: 'status', status: 501, code: 'NotImplemented' },
        when: (method, url) => method === 'PUT' && !url.includes('partNumber'),
        times: 1,
      });
      await storage.put(quietContext(), 'backups/plain', bodyOf(Buffer.from('first')));
      const again = () => storage.put(quietContext(), 'backups/plain', bodyOf(Buffer.from('second')));
      expect(await codeOf(again)).toBe('object_exists');
      await storage.close();
    });

    it('a download that breaks off is short_read, one that stalls storage_unreachable, and a flipped byte arrives', async () => {
      const storage = open();
      await storage.put(quietContext(), 'backups/whole', bodyOf(content));
      const isGet = (method: string) => method === 'GET';
      const read = async () => buffer(await storage.get(quietContext(), 'backups/whole'));
      proxy.add({ fault: { kind: 'reset-download', atByte: 1_000_000 }, when: isGet });
      expect(await codeOf(read)).toBe('short_read');
      proxy.clear();
      proxy.add({ fault: { kind: 'stall-download', atByte: 1_000_000 }, when: isGet });
      expect(await codeOf(read)).toBe('storage_unreachable');
      proxy.clear();
      proxy.add({ fault: { kind: 'flip-download', atByte: 1_000_000 }, when: isGet });
      const flipped = await read();
      expect(flipped.length).toBe(content.length);
      // Only a hash can see it: this is what the read-back is for.
      expect(flipped.equals(content)).toBe(false);
      proxy.clear();
      expect((await read()).equals(content)).toBe(true);
      await storage.close();
    });

    it('a slow reader is no stall', async () => {
      const storage = open();
      await storage.put(quietContext(), 'backups/slow', bodyOf(content));
      const body = await storage.get(quietContext(), 'backups/slow');
      await new Promise((resolve) => setTimeout(resolve, 2 * limits.idleTimeoutMs));
      expect((await buffer(body)).equals(content)).toBe(true);
      await storage.close();
    });

    it('a list has every page', async () => {
      const into = await server.createBucket('pages');
      const keys = Array.from({ length: 1_100 }, (_, n) => `backups/${String(n).padStart(5, '0')}`);
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(
          keys
            .slice(at, at + 50)
            .map((Key) => server.client.send(new PutObjectCommand({ Bucket: into, Key, Body: 'x' }))),
        );
      }
      await server.client.send(
        new PutObjectCommand({ Bucket: into, Key: 'backups/not one of ours', Body: 'x' }),
      );
      const storage = open({}, into);
      const found = [];
      for await (const { key } of storage.list(quietContext(), 'backups/')) found.push(key);
      expect(found).toEqual(keys);
      await storage.close();
    });

    it('sweeps under its own prefix only', async () => {
      const storage = open();
      const broken = (key: string) =>
        createS3Storage(server.config(bucket, proxy.endpoint), {
          sweepPrefix,
          limits: { ...limits, attempts: 1 },
        })
          .put(quietContext(), key, bodyOf(content))
          .catch(() => undefined);
      // Neither the part nor the abort gets through.
      proxy.add({
        fault: { kind: 'status', status: 500 },
        when: (method, url) => isPart()(method, url) || method === 'DELETE',
      });
      await broken('backups/left');
      await broken('elsewhere/left');
      proxy.clear();
      expect(await uploads()).toBe(2);
      expect(await storage.sweep(quietContext(), new Date(Date.now() + 3_600_000))).toBe(1);
      expect(await uploads()).toBe(1);
      await storage.close();
    });

    it('refuses before it reads what cannot fit into the parts there are', async () => {
      const storage = open({ maxParts: 3 });
      let isRead = false;
      const body = bodyThen(0, () => {
        isRead = true;
      });
      const put = storage.put(quietContext(), 'backups/huge', body, { estimateBytes: 6 * 1024 ** 4 });
      await expect(put).rejects.toMatchObject({ code: 'storage_full' });
      expect(isRead).toBe(false);
      expect(proxy.requests).toEqual([]);
      // Without an estimate it is found out at the fourth part.
      expect(await codeOf(() => storage.put(quietContext(), 'backups/many', bodyOf(content)))).toBe(
        'storage_full',
      );
      expect(await storage.stat(quietContext(), 'backups/many')).toBeNull();
      // With one, the parts are large enough.
      await storage.put(quietContext(), 'backups/fits', bodyOf(content), { estimateBytes: content.length });
      await storage.close();
    });
  });

  describe('s3 storage that is refused', () => {
    const canary = 'canary-secret-0123456789abcdefghij';
    const refused = async (config: Partial<ReturnType<TestS3['config']>>): Promise<AppError> => {
      const bucket = await server.createBucket('refused');
      const storage = createS3Storage({ ...server.config(bucket), ...config }, { sweepPrefix, limits });
      try {
        const body = bodyOf(Buffer.from('x'));
        const error = await storage.put(quietContext(), 'backups/x', body).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(AppError);
        expect(body.destroyed).toBe(true);
        return error as AppError;
      } finally {
        await storage.close();
      }
    };
    const printed = (error: AppError) =>
      [
        error.message,
        error.hint,
        error.stack,
        JSON.stringify(error.fields),
        inspect(error, { depth: 8 }),
      ].join('\n');

    it('a wrong secret and an unknown key are storage_auth, and neither is printed', async () => {
      for (const wrong of [
        { secretKey: new Secret(canary) },
        { accessKey: 'CANARYKEY0123456789', secretKey: new Secret(canary) },
      ]) {
        const error = await refused(wrong);
        expect(error.code).toBe('storage_auth');
        expect(error.hint).toMatch(/secret/);
        expect(printed(error)).not.toContain(canary);
        expect(printed(error)).not.toContain('CANARYKEY');
      }
    });

    it('a missing bucket is a configuration error that names it', async () => {
      const error = await refused({ bucket: 'no-such-bucket-here' });
      expect(error.code).toBe('config');
      expect(error.message).toContain('no-such-bucket-here');
      expect(error.hint).toContain('BACKUP_S3_BUCKET');
      const storage = createS3Storage(server.config('no-such-bucket-here'), { sweepPrefix, limits });
      for (const act of [
        () => storage.stat(quietContext(), 'x'),
        () => storage.get(quietContext(), 'x'),
        () => storage.remove(quietContext(), 'x'),
        () => storage.sweep(quietContext(), new Date()),
        () => storage.list(quietContext(), '')[Symbol.asyncIterator]().next(),
      ]) {
        expect(await codeOf(act)).toBe('config');
      }
      await storage.close();
    });

    it('nobody listening is storage_unreachable and says where', async () => {
      const port = await freePort();
      const error = await refused({ endpoint: `http://127.0.0.1:${port}` });
      expect(error.code).toBe('storage_unreachable');
      expect(error.message).toContain(`127.0.0.1:${port}`);
    });
  });

  describe('presigned download', () => {
    it('downloads under the file name, expires, and cannot be altered', async () => {
      const bucket = await server.createBucket('presign');
      const config = parseConfig({
        BACKUP_STORAGE: 's3',
        BACKUP_S3_BUCKET: bucket,
        BACKUP_S3_ENDPOINT: server.endpoint,
        BACKUP_S3_ACCESS_KEY: server.accessKey,
        BACKUP_S3_SECRET_KEY: server.secretKey.reveal(),
      });
      const storage = openStorage(config, 's3');
      const key = 'backups/manual/2026-11-21/x.dump.zst';
      await storage.put(quietContext(), key, bodyOf(Buffer.from('content')));
      await storage.close();
      const filename = 'ims_backup_2026-11-21_01-00.dump.zst';
      const url = await presignDownload(config, key, { filename, expiresInSeconds: 900 });
      expect(url).not.toContain(server.secretKey.reveal());
      const answer = await fetch(url);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-disposition')).toContain(`attachment; filename="${filename}"`);
      expect(await answer.text()).toBe('content');
      expect((await fetch(url, { headers: { range: 'bytes=3-' } })).status).toBe(206);
      expect((await fetch(url.replace('x.dump', 'y.dump'))).status).toBe(403);
      const short = await presignDownload(config, key, { filename, expiresInSeconds: 1 });
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect((await fetch(short)).status).toBe(403);
    });

    it('needs an S3 that is configured', async () => {
      const config = parseConfig({});
      expect(await codeOf(() => Promise.resolve().then(() => openStorage(config, 's3')))).toBe('config');
      expect(
        await codeOf(() =>
          Promise.resolve().then(() => presignDownload(config, 'x', { filename: 'x', expiresInSeconds: 1 })),
        ),
      ).toBe('config');
    });
  });
});
