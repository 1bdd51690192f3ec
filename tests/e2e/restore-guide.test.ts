import { expect, it } from 'vitest';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackup, takeBackupByApi } from './backup-journey.ts';

describeWith('browser')('the restore instructions', () => {
  const scene = startBrowsedConsole();

  it('name the newest backup of the whole database, not a newer one of some tables', async () => {
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
});
