import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BackupDetail, TriggerBackupResponse } from '#lib/contracts/backup.ts';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackup, takeBackupByApi } from './backup-journey.ts';

describeWith('browser')('the way back', () => {
  const scene = startBrowsedConsole({
    // Nobody listens there.
    BACKUP_S3_ENDPOINT: 'http://127.0.0.1:9',
    BACKUP_S3_BUCKET: 'away',
    BACKUP_S3_ACCESS_KEY: 'key',
    BACKUP_S3_SECRET_KEY: 'secret',
  });

  it('is told by instructions that name the newest backup of the whole database, not a newer one of some tables', async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    const whole = await takeBackup(tab, 'all tables');

    const part = await takeBackupByApi(running, { tables: ['customers'] });

    await page.reload();
    await page.waitForSelector(`[data-testid="backup-row"][data-id="${part.id}"][data-status="COMPLETED"]`);
    const guide = page.locator('[data-testid="restore-instructions"]');
    await guide.getByText('Restore instructions', { exact: true }).click();
    await guide.getByText('sha256sum --check').waitFor();
    const text = await guide.innerText();
    expect(text).toContain(whole.filename);
    expect(text).toContain(whole.checksum);
    expect(text).not.toContain(part.checksum);
    expect(tab.complaints()).toEqual([]);
  });

  it('leads through the copy that is good, where only a further one failed', async () => {
    const { running, browser } = scene;
    const headers = { authorization: `Bearer ${running.token('admin')}` };
    const api = `${running.origin}/api/v1/admin/backup`;
    const asked = await fetch(`${api}/trigger`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ uploadToS3: true, description: 'while the bucket is away' }),
    });
    expect(asked.status).toBe(202);
    const { id } = TriggerBackupResponse.parse(await asked.json());
    const look = async () => BackupDetail.parse(await (await fetch(`${api}/${id}`, { headers })).json());
    await expect.poll(async () => (await look()).status, { timeout: 90_000 }).toBe('FAILED');

    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    await page.goto(`${running.origin}/settings/backup?backup=${id}`);
    const kept = page.locator('[data-testid="kept-copy"]');
    await kept.waitFor();
    expect(await kept.innerText()).toContain('The one on the local disk was read back and is good');
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await tab.violations()).toEqual([]);
      await tab.picture(`kept-copy-${String(width)}`);
    }
    const coming = page.waitForEvent('download');
    await kept.locator('[data-testid="download"]').click();
    const bytes = readFileSync(await (await coming).path());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe((await look()).checksum);
    expect(tab.complaints()).toEqual([]);
  });
});
