import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { cancelBackup } from '#lib/services/backups.ts';
import { backupWhere, isOver, type SeenBackup } from '#tests/support/backups.ts';
import { childrenOf } from '#tests/support/children.ts';
import { ADMIN, storeScene } from '#tests/support/store-scene.ts';
import { isDumping } from '#tests/support/worker-scene.ts';

const keys = mkdtempSync(join(tmpdir(), 'hf-key-'));
const keyFile = join(keys, 'key.txt');
execFileSync('age-keygen', ['-o', keyFile], { stdio: 'ignore' });
const scene = storeScene({
  BACKUP_AGE_RECIPIENTS: execFileSync('age-keygen', ['-y', keyFile], { encoding: 'utf8' }).trim(),
  BACKUP_AGE_IDENTITY_FILE: keyFile,
});
let live: string;

beforeEach(() => {
  live = mkdtempSync(join(tmpdir(), 'hf-live-'));
  mkdirSync(join(live, 'uploads', 'empty'), { recursive: true });
  writeFileSync(join(live, 'uploads', 'ü.png'), Buffer.alloc(500_000, 'x'));
  linkSync(join(live, 'uploads', 'ü.png'), join(live, 'uploads', 'the same.png'));
  symlinkSync('uploads', join(live, 'link'));
  writeFileSync(join(live, '.env'), 'SECRET=canary-51ab', { mode: 0o600 });
  writeFileSync(join(live, 'today.log'), 'a line');
});
afterEach(() => {
  rmSync(live, { recursive: true, force: true });
});
afterAll(() => {
  rmSync(keys, { recursive: true });
});

/** Opens an archive with stock programs, and runs the stock tar over what was in it. */
const tar = ({ filename }: SeenBackup, ...args: string[]): string => {
  const archive = join(scene.engine.config.localPath, filename);
  const opened = execFileSync('age', ['--decrypt', '--identity', keyFile, archive], { maxBuffer: 1e8 });
  const plain = execFileSync('zstd', ['--decompress', '--stdout'], { input: opened, maxBuffer: 1e8 });
  return execFileSync('tar', args, {
    input: plain,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
};

test('a folder becomes an encrypted archive that stock tools list, with a manifest, and is proven', async () => {
  await scene.startWorker();
  const source = await scene.addSource({ kind: 'files', path: live, only: null, excludes: ['*.log'] });
  const backup = await scene.backUp(source);
  expect(backup, scene.logs()).toMatchObject({ status: 'COMPLETED', errorMessage: null });
  expect(backup.filename).toMatch(/^store\d+_\d{4}-\d\d-\d\d_\d\d-\d\d\.tar\.zst\.age$/);
  expect(tar(backup, '--list').split('\n').slice(0, -1)).toEqual([
    './',
    './.env',
    './link',
    './uploads/',
    './uploads/empty/',
    './uploads/the same.png',
    './uploads/ü.png',
  ]);

  const manifest = scene.manifestOf(backup);
  expect(manifest).toMatchObject({
    source: { kind: 'files', database: live, dumpFormat: 'tar' },
    snapshot: null,
    options: { tables: null, files: { only: null, excludes: ['*.log'] } },
    facts: {
      tableCount: 0,
      files: { files: 3, directories: 3, links: 1, others: 0, bytes: 500_018, changed: [], changedCount: 0 },
    },
  });
  expect(manifest.tools['tar']).toMatch(/^1\./);
  expect(JSON.stringify(manifest)).not.toContain('canary-51ab');
  expect(scene.left()).toEqual([]);

  const proof = await scene.prove(backup.id);
  expect(proof, scene.logs()).toMatchObject({ status: 'PASSED', proven: true });
  expect(proof.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['files', 'content', 'properties']),
  );
});

test('a single file, and chosen entries of a folder, are backed up and proven', async () => {
  await scene.startWorker();
  for (const [place, members] of [
    [{ path: join(live, '.env'), only: null }, ['.env']],
    [{ path: live, only: ['uploads/empty', '.env'] }, ['./.env', './uploads/empty/']],
  ] as const) {
    const only = place.only === null ? null : [...place.only];
    const backup = await scene.backUp(
      await scene.addSource({ kind: 'files', path: place.path, only, excludes: [] }),
    );
    expect(backup, scene.logs()).toMatchObject({ status: 'COMPLETED' });
    expect(tar(backup, '--list').split('\n').slice(0, -1)).toEqual(members);
    expect(await scene.prove(backup.id), scene.logs()).toMatchObject({ status: 'PASSED', proven: true });
  }
});

test('a folder that is not there fails the backup with what to do, and leaves no copy', async () => {
  await scene.startWorker();
  const source = await scene.addSource({ kind: 'files', path: live, only: null, excludes: [] });
  rmSync(live, { recursive: true });
  const backup = await scene.backUp(source);
  expect(backup).toMatchObject({
    status: 'FAILED',
    errorCode: 'source_unreachable',
    errorMessage: `there is no ${live} on this machine`,
    copies: [],
  });
  expect(backup.errorHint).toMatch(/\.$/);
});

test('a cancel in mid-dump leaves no archive and no process', async () => {
  // More than lies between tar and a program that takes nothing in.
  writeFileSync(join(live, 'large'), Buffer.alloc(4_000_000, 'x'));
  const worker = await scene.startWorker(scene.stuck());
  const id = await scene.ask(await scene.addSource({ kind: 'files', path: live, only: null, excludes: [] }));
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  expect(childrenOf(worker.pid).some(({ argv }) => argv.includes('--create'))).toBe(true);
  await cancelBackup(scene.backend, ADMIN, id);
  const backup = await backupWhere(scene.catalogue.raw, id, isOver, scene.logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'cancelled' });
  expect(childrenOf(worker.pid)).toEqual([]);
});
