import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startArchivingServer, type ArchivingServer } from '#tests/support/archiving-server.ts';
import { describeWith } from '#tests/support/needs.ts';
import { startS3, type TestS3 } from '#tests/support/s3.ts';

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));

describeWith('s3')('a base archive in a real S3 server', () => {
  let scene: ArchivingServer;
  let s3: TestS3;
  let bucket: string;

  const script = (name: string, args: readonly string[], more: Record<string, string> = {}) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const env = {
        NODE_ENV: 'test' as const,
        PATH: process.env['PATH'],
        HOLDFAST_DATA_DIR: join(scene.folder, 'data'),
        ...scene.environment(),
        BACKUP_S3_BUCKET: bucket,
        BACKUP_S3_ENDPOINT: s3.endpoint,
        BACKUP_S3_ACCESS_KEY: s3.accessKey,
        BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
        ...more,
      };
      execFile(join(SCRIPTS, name), [...args], { env, cwd: scene.folder }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });

  beforeAll(async () => {
    [scene, s3] = await Promise.all([startArchivingServer(), startS3()]);
    bucket = await s3.createBucket('bases');
  }, 120_000);
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
    await s3.stop();
  });

  test('is streamed there, found there, and brought back from there', async () => {
    await scene.server.sql('postgres', 'create table items as select g as id from generate_series(1, 70) g');
    const taken = await script('base-backup.sh', ['--to-s3']);
    expect(taken).toMatchObject({ code: 0, stderr: '' });
    const key = /success: s3:\/\/[^/]+\/(\S+) in /.exec(taken.stdout)?.[1] ?? '';
    expect(key).toMatch(/^backups\/base\/\d{4}-\d\d-\d\d\/ims_backup_base_.*\.tar\.zst$/);
    await scene.server.sql('postgres', 'insert into items values (71)');
    await scene.switchWal();

    expect((await script('restore-to-time.sh', ['--s3', '--list'])).stdout).toContain(key);
    const into = join(scene.folder, 'back');
    const done = await script('restore-to-time.sh', ['--s3', '--latest', '--into', into]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain('postgres: 1 table, 71 rows');
  });

  test('whatever cannot be reached is an exit code of its own', async () => {
    const away = { BACKUP_S3_SECRET_KEY: 'canary-wrong-secret-0123456789' };
    const upload = await script('base-backup.sh', ['--to-s3'], away);
    expect(upload.code).toBe(2);
    expect(upload.stderr).toContain('[storage_auth]');
    const into = join(scene.folder, 'nowhere');
    const download = await script('restore-to-time.sh', ['--s3', '--latest', '--into', into], away);
    expect(download.code).toBe(2);
    for (const { stdout, stderr } of [upload, download]) expect(stdout + stderr).not.toContain('canary');
    expect(existsSync(into)).toBe(false);
  });
});
