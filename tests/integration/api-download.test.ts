import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GET as download } from '#app/api/v1/admin/backup/[id]/download/route.ts';
import { GET as file } from '#app/api/v1/download/[id]/route.ts';
import { DownloadResponse } from '#lib/contracts/backup.ts';
import { deriveKey } from '#lib/platform/keys.ts';
import { addBackup, addCopy, problemOf, startApi, type TestApi } from '#tests/support/api.ts';

const NAME = 'ims_backup_2026-11-20_01-00.dump.zst';
const bytes = randomBytes(5_000_000);
const checksum = createHash('sha256').update(bytes).digest('hex');
let api: TestApi;
let id: string;
beforeAll(async () => {
  api = await startApi({
    BACKUP_S3_BUCKET: 'ims-backups',
    BACKUP_S3_ENDPOINT: 'http://127.0.0.1:9',
    BACKUP_S3_ACCESS_KEY: 'key',
    BACKUP_S3_SECRET_KEY: 'canary-s3-secret',
  });
  writeFileSync(join(api.folder, NAME), bytes);
  id = await addBackup(api, { filename: NAME, sizeBytes: bytes.length, checksum });
  await addCopy(api, id, { destination: 'local', key: NAME });
});
afterAll(() => api.close());

const link = async (backupId = id): Promise<URL> => {
  const response = await api.call(download, 'GET', '/x', { params: { id: backupId } });
  expect(response.status).toBe(200);
  return new URL(DownloadResponse.parse(await response.json()).url);
};
const follow = (url: URL, headers: Record<string, string> = {}, method = 'GET') =>
  api.call(file, method, url.pathname + url.search, {
    as: null,
    headers,
    params: { id: url.pathname.split('/').at(-1) ?? '' },
  });
const statusOf = async (answer: Promise<Response>): Promise<number> => {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
};
const openFiles = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes(NAME);
    } catch {
      return false;
    }
  }).length;

test('the link gives the whole file without a session, with its name, and stands in the audit log', async () => {
  const url = await link();
  expect(url.origin).toBe('http://127.0.0.1:3000');
  const seconds = Number(url.searchParams.get('expires')) - Date.now() / 1000;
  expect(seconds).toBeGreaterThan(880);
  expect(seconds).toBeLessThanOrEqual(901);
  const response = await follow(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${NAME}"`);
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(response.headers.get('etag')).toBe(`"${checksum}"`);
  expect(response.headers.get('cache-control')).toContain('no-store');
  const body = Buffer.from(await response.arrayBuffer());
  expect(createHash('sha256').update(body).digest('hex')).toBe(checksum);
  const [entry] = await api.catalogue
    .raw`select action, subject_id, details from audit_entries order by id desc limit 1`;
  expect(entry).toMatchObject({ action: 'backup.download', subject_id: id });
  expect(JSON.stringify(entry)).not.toContain(url.searchParams.get('signature'));
});

test('a browser is sent on to the link, a program is told it', async () => {
  const browser = await api.call(download, 'GET', '/x', {
    params: { id },
    headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
  });
  expect(browser.status).toBe(302);
  expect(await statusOf(follow(new URL(browser.headers.get('location') ?? '')))).toBe(200);
  expect((await api.call(download, 'GET', '/x?redirect=1', { params: { id } })).status).toBe(302);
  const program = await api.call(download, 'GET', '/x', { params: { id }, headers: { accept: '*/*' } });
  expect(program.status).toBe(200);
});

test.each([
  ['bytes=0-0', 206, 'bytes 0-0/5000000', 0, 1],
  ['bytes=4999990-', 206, 'bytes 4999990-4999999/5000000', 4_999_990, 10],
  ['bytes=-5', 206, 'bytes 4999995-4999999/5000000', 4_999_995, 5],
  ['bytes=100-99999999', 206, 'bytes 100-4999999/5000000', 100, 4_999_900],
  ['bytes=0-1,5-6', 200, null, 0, 5_000_000],
  ['bytes=9-3', 200, null, 0, 5_000_000],
  ['lines=1-2', 200, null, 0, 5_000_000],
  ['bytes=5000000-', 416, 'bytes */5000000', 0, 0],
  ['bytes=-0', 416, 'bytes */5000000', 0, 0],
])('Range %s answers %i', async (range, status, contentRange, start, length) => {
  const response = await follow(await link(), { range });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-range')).toBe(contentRange);
  const body = Buffer.from(await response.arrayBuffer());
  expect(body.equals(bytes.subarray(start, start + length))).toBe(true);
});

test('If-Range with another file’s tag gives the whole file', async () => {
  const url = await link();
  expect(await statusOf(follow(url, { range: 'bytes=0-9', 'if-range': '"other"' }))).toBe(200);
  expect(await statusOf(follow(url, { range: 'bytes=0-9', 'if-range': `"${checksum}"` }))).toBe(206);
});

test('HEAD tells the size and opens nothing', async () => {
  // What the tests before read may still be closing.
  await expect.poll(openFiles).toBe(0);
  const response = await follow(await link(), {}, 'HEAD');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBe('5000000');
  expect(openFiles()).toBe(0);
});

test('an altered, borrowed or expired link is 403; a malformed one 422', async () => {
  const other = await addBackup(api, { filename: NAME });
  await addCopy(api, other, { destination: 'local', key: NAME });
  const altered = async (change: (url: URL) => void) => {
    const url = await link();
    change(url);
    return problemOf(await follow(url));
  };
  const forbidden = { status: 403, code: 'forbidden' };
  expect(
    await altered((url) => {
      url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1));
    }),
  ).toMatchObject(forbidden);
  expect(
    await altered((url) => {
      url.pathname = url.pathname.replace(id, other);
    }),
  ).toMatchObject(forbidden);
  expect(
    await altered((url) => {
      url.searchParams.set('signature', 'A'.repeat(43));
    }),
  ).toMatchObject(forbidden);
  expect(
    await altered((url) => {
      url.searchParams.set('signature', 'x');
    }),
  ).toMatchObject(forbidden);
  expect(
    await altered((url) => {
      url.searchParams.delete('signature');
    }),
  ).toMatchObject({ status: 422 });
  expect(
    await altered((url) => {
      url.searchParams.set('expires', '9e9');
    }),
  ).toMatchObject({ status: 422 });

  const { createHmac } = await import('node:crypto');
  const past = Math.floor(Date.now() / 1000) - 1;
  const sign = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64url');
  const made = (expires: number, signature: string) =>
    follow(new URL(`http://x/api/v1/download/${id}?expires=${String(expires)}&signature=${signature}`));
  const secret = api.backend.config.secret!;
  const key = deriveKey(secret, 'download-link');
  expect(await problemOf(await made(past, sign(key, `download\n${id}\n${String(past)}`)))).toMatchObject({
    ...forbidden,
    detail: 'this download link has expired',
  });
  // A signature for another purpose, and one under another key, open nothing.
  const soon = past + 600;
  expect((await made(soon, sign(key, `upload\n${id}\n${String(soon)}`))).status).toBe(403);
  expect(
    (await made(soon, sign(deriveKey(secret, 'session'), `download\n${id}\n${String(soon)}`))).status,
  ).toBe(403);
  expect(await statusOf(made(soon, sign(key, `download\n${id}\n${String(soon)}`)))).toBe(200);
});

test('an aborted download closes the file', async () => {
  await expect.poll(openFiles).toBe(0);
  for (let i = 0; i < 5; i += 1) {
    const response = await follow(await link());
    const reader = response.body!.getReader();
    await reader.read();
    expect(openFiles()).toBe(1);
    await reader.cancel();
    await expect.poll(openFiles).toBe(0);
  }
});

test('a file deleted during its download is still delivered; afterwards it is missing', async () => {
  const name = 'ims_backup_2026-11-19_01-00.dump.zst';
  writeFileSync(join(api.folder, name), bytes);
  const gone = await addBackup(api, { filename: name, sizeBytes: bytes.length, checksum });
  await addCopy(api, gone, { destination: 'local', key: name });
  const url = await link(gone);
  const response = await follow(url);
  const reader = response.body!.getReader();
  const hash = createHash('sha256');
  for (let isFirst = true; ; isFirst = false) {
    const { done, value } = await reader.read();
    if (done) break;
    hash.update(value);
    if (isFirst) unlinkSync(join(api.folder, name));
  }
  expect(hash.digest('hex')).toBe(checksum);
  expect(await problemOf(await follow(url))).toMatchObject({ status: 409, code: 'object_missing' });
  await api.catalogue.raw`update backups set status = 'EXPIRED' where id = ${gone}`;
  expect(await problemOf(await follow(url))).toMatchObject({ status: 409, code: 'conflict' });
});

test('S3: a presigned address for 15 minutes with the file’s name and no secret in it', async () => {
  const onS3 = await addBackup(api, { destinations: ['s3'], filename: NAME });
  await addCopy(api, onS3, { destination: 's3', key: `backups/manual/2026-11-20/${NAME}` });
  const url = await link(onS3);
  expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
  expect(url.searchParams.get('response-content-disposition')).toContain(NAME);
  expect(url.href).not.toContain('canary-s3-secret');
});

test('a failed backup gives the copy that is good, where only a further one failed', async () => {
  const half = await addBackup(api, {
    status: 'FAILED',
    destinations: ['local', 's3'],
    filename: NAME,
    sizeBytes: bytes.length,
    checksum,
  });
  await addCopy(api, half, { destination: 'local', key: NAME });
  await addCopy(api, half, { destination: 's3', key: 'x', status: 'REMOVED' });
  const response = await follow(await link(half));
  expect(response.status).toBe(200);
  const got = Buffer.from(await response.arrayBuffer());
  expect(createHash('sha256').update(got).digest('hex')).toBe(checksum);
});

test('only a completed backup with a stored copy can be downloaded', async () => {
  for (const status of ['IN_PROGRESS', 'FAILED', 'EXPIRED', 'DELETED']) {
    const other = await addBackup(api, { status });
    const answer = await problemOf(await api.call(download, 'GET', '/x', { params: { id: other } }));
    expect(answer).toMatchObject({ status: 409, code: 'conflict' });
  }
  const bare = await addBackup(api);
  await addCopy(api, bare, { destination: 'local', key: 'x', status: 'REMOVED' });
  expect(await problemOf(await api.call(download, 'GET', '/x', { params: { id: bare } }))).toMatchObject({
    status: 409,
    code: 'object_missing',
  });
});
