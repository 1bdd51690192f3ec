import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { createLocalStorage } from '#lib/storage/local/local-storage.ts';
import { describeWith } from '../support/needs.ts';
import { withSmallTmpfs } from '../support/faults.ts';
import { quietContext } from '../support/storage-spec.ts';
import { bodyOf, bodyThen, codeOf, storageContract } from './storage.contract.ts';

const folders: string[] = [];
const newRoot = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-local-'));
  folders.push(folder);
  return join(folder, 'backups');
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

storageContract('local', () => {
  const root = newRoot();
  return Promise.resolve({
    storage: createLocalStorage(root),
    spec: { kind: 'local' as const, root },
    partBytes: 1024 * 1024,
    raceProofBytes: Infinity,
    addedMemoryMiB: 64,
    close: () => Promise.resolve(),
  });
});

describe('local storage', () => {
  it('keeps folders and files to their owner', async () => {
    const root = newRoot();
    await createLocalStorage(root).put(quietContext(), 'a/b/c.dump', bodyOf(Buffer.from('x')));
    expect([root, join(root, 'a'), join(root, 'a/b')].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700,
    ]);
    expect(statSync(join(root, 'a/b/c.dump')).mode & 0o777).toBe(0o600);
  });

  it('shows the growing file under a temporary name only', async () => {
    const root = newRoot();
    const seen: string[] = [];
    const body = bodyThen(3_000_000, (stream) => {
      seen.push(...readdirSync(root));
      stream.push(null);
    });
    const ctx = quietContext();
    await createLocalStorage(root).put(ctx, 'x.dump', body);
    expect(seen).toEqual([`x.dump.partial-${ctx.runId}`]);
    expect(readdirSync(root)).toEqual(['x.dump']);
  });

  it('follows no symbolic link out of its folder, nor a planted file in place of one', async () => {
    const root = newRoot();
    const outside = newRoot();
    mkdirSync(outside, { recursive: true });
    mkdirSync(root, { recursive: true });
    writeFileSync(join(outside, 'secret'), 'secret');
    symlinkSync(outside, join(root, 'out'));
    symlinkSync(join(outside, 'secret'), join(root, 'link'));
    symlinkSync(join(outside, 'new'), join(root, 'dangling'));
    const storage = createLocalStorage(root);
    expect(await codeOf(() => storage.get(quietContext(), 'out/secret'))).toBe('invalid');
    expect(await codeOf(() => storage.stat(quietContext(), 'out/secret'))).toBe('invalid');
    expect(await codeOf(() => storage.remove(quietContext(), 'out/secret'))).toBe('invalid');
    expect(await codeOf(() => storage.put(quietContext(), 'out/x', bodyOf(Buffer.from('x'))))).toBe(
      'invalid',
    );
    expect(await codeOf(() => storage.get(quietContext(), 'link'))).toBe('object_missing');
    expect(await codeOf(() => storage.put(quietContext(), 'link', bodyOf(Buffer.from('x'))))).toBe(
      'object_exists',
    );
    expect(await codeOf(() => storage.put(quietContext(), 'dangling', bodyOf(Buffer.from('x'))))).toBe(
      'object_exists',
    );
    const listed = [];
    for await (const { key } of storage.list(quietContext(), '')) listed.push(key);
    expect(listed).toEqual([]);
    expect(readdirSync(outside)).toEqual(['secret']);
  });

  it('errors with short_read when the file shrinks while it is read', async () => {
    const root = newRoot();
    const storage = createLocalStorage(root);
    await storage.put(quietContext(), 'x', bodyOf(Buffer.alloc(8_000_000)));
    const body = await storage.get(quietContext(), 'x');
    truncateSync(join(root, 'x'), 1_000_000);
    expect(await codeOf(() => buffer(body))).toBe('short_read');
  });

  it('opens an object for a program, and shows how far that has read and whether somebody wrote', async () => {
    const root = newRoot();
    const storage = createLocalStorage(root);
    const ctx = quietContext();
    await storage.put(ctx, 'x', bodyOf(Buffer.from('0123456789')));
    expect(await codeOf(() => storage.openFile(ctx, 'nothing'))).toBe('object_missing');
    await using file = await storage.openFile(ctx, 'x');
    if (file === null) throw new Error('this machine does not tell how far a file was read');
    expect([file.sizeBytes, await file.readBytes()]).toEqual([10, 0]);
    const chunk = Buffer.alloc(8);
    expect(await file.read(chunk, 6)).toBe(4);
    expect(chunk.subarray(0, 4).toString()).toBe('6789');
    execFileSync('dd', ['bs=3', 'count=1'], { stdio: [file.descriptor, 'ignore', 'ignore'] });
    expect([await file.readBytes(), await file.hasChanged()]).toEqual([3, false]);
    // Another object under its name is not this one.
    renameSync(join(root, 'x'), join(root, 'y'));
    writeFileSync(join(root, 'x'), 'other');
    expect(await file.hasChanged()).toBe(false);
    writeFileSync(join(root, 'y'), '0123456789');
    expect(await file.hasChanged()).toBe(true);
  });
});

describeWith('a full disk')('local storage on a full disk', () => {
  it('is storage_full, leaves nothing and spares what is there', async () => {
    await withSmallTmpfs(8, async (root) => {
      const storage = createLocalStorage(root);
      await storage.put(quietContext(), 'earlier', bodyOf(Buffer.alloc(2_000_000, 7)));
      const body = bodyOf(Buffer.alloc(20_000_000));
      expect(await codeOf(() => storage.put(quietContext(), 'big', body))).toBe('storage_full');
      expect(body.destroyed).toBe(true);
      expect(readdirSync(root)).toEqual(['earlier']);
      const earlier = await buffer(await storage.get(quietContext(), 'earlier'));
      expect(earlier.equals(Buffer.alloc(2_000_000, 7))).toBe(true);
      await storage.put(quietContext(), 'next', bodyOf(Buffer.alloc(2_000_000)));
    });
  });

  it('a read-only disk is storage_auth', async () => {
    await withSmallTmpfs(2, async (root) => {
      await createLocalStorage(root).put(quietContext(), 'earlier', bodyOf(Buffer.from('x')));
      execFileSync('mount', ['-o', 'remount,ro', root]);
      const storage = createLocalStorage(root);
      expect(await codeOf(() => storage.put(quietContext(), 'x', bodyOf(Buffer.from('x'))))).toBe(
        'storage_auth',
      );
      expect(await codeOf(() => storage.remove(quietContext(), 'earlier'))).toBe('storage_auth');
      expect((await buffer(await storage.get(quietContext(), 'earlier'))).toString()).toBe('x');
    });
  });
});
