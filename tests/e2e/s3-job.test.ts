import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, it, onTestFailed } from 'vitest';
import { Manifest } from '#lib/contracts/manifest.ts';
import { RESTORE_KIT } from '#tests/support/backups.ts';
import { openBrowser } from '../support/browser.ts';
import { countRows, startConsole } from '../support/console.ts';
import { describeWith } from '../support/needs.ts';
import { restoreArchive } from '../support/restore-archive.ts';
import { startS3 } from '../support/s3.ts';
import { downloadBackup, expectDeleteRefused, takeBackup } from './backup-journey.ts';

describeWith('s3')('the main job through S3', () => {
  it('leads to an encrypted archive in the bucket that restores with the same rows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-s3-job-'));
    await using stack = new AsyncDisposableStack();
    stack.defer(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const identityFile = join(folder, 'identity.txt');
    execFileSync('age-keygen', ['-o', identityFile], { stdio: 'ignore' });
    const recipient = /age1[0-9a-z]+/.exec(readFileSync(identityFile, 'utf8'))?.[0] ?? '';
    const s3 = stack.use(await startS3());
    const bucket = await s3.createBucket('main-job');
    const running = stack.use(
      await startConsole({
        BACKUP_STORAGE: 's3',
        BACKUP_S3_BUCKET: bucket,
        BACKUP_S3_ENDPOINT: s3.endpoint,
        BACKUP_S3_ACCESS_KEY: s3.accessKey,
        BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
        BACKUP_AGE_RECIPIENTS: recipient,
      }),
    );
    onTestFailed(() => {
      process.stderr.write(`${running.log()}\n`);
    });
    const { origin, admin, application, server } = running;

    const browser = stack.use(await openBrowser());
    const tab = await browser.newPage();
    await tab.signIn(origin, admin);
    const row = await takeBackup(tab, 'to the bucket');
    expect(row).toMatchObject({ storage: 's3', isEncrypted: true });
    expect(row.filename).toMatch(/\.dump\.zst\.age$/);

    const listed = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket }));
    const key = `backups/manual/${row.createdAt.slice(0, 10)}/${row.filename}`;
    const kit = RESTORE_KIT.map((name) => `backups/${name}`);
    expect(listed.Contents?.map((object) => object.Key).sort()).toEqual(
      [...kit, key, `${key}.manifest.json`].sort(),
    );
    const stored = await s3.client.send(
      new GetObjectCommand({ Bucket: bucket, Key: `${key}.manifest.json` }),
    );
    const manifest = Manifest.parse(JSON.parse((await stored.Body?.transformToString()) ?? ''));
    expect(manifest).toMatchObject({
      archive: row.filename,
      stored: { bytes: row.size, sha256: row.checksum },
      encryption: { scheme: 'age', recipients: [recipient] },
    });

    const archive = await downloadBackup(tab, row, folder);
    const target = await server.createDatabase('restored');
    await restoreArchive(archive, target, { identityFile });
    expect(await countRows(target)).toEqual(await countRows(application));

    await expectDeleteRefused(tab, row);
    expect(tab.complaints()).toEqual([]);
  });
});
