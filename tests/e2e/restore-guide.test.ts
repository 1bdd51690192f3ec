import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { BackupDetail, TriggerBackupResponse } from '#lib/contracts/backup.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { startConsole, type TestConsole } from '../support/console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackup } from './backup-journey.ts';

describeWith('browser')('the restore instructions', () => {
  let running: TestConsole;
  let browser: TestBrowser;
  beforeAll(async () => {
    running = await startConsole();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await running[Symbol.asyncDispose]();
  });

  it('name the newest backup of the whole database, not a newer one of some tables', async () => {
    onTestFailed(() => {
      process.stderr.write(`${running.log()}\n`);
    });
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    const whole = await takeBackup(tab, 'all tables');

    const headers = { authorization: `Bearer ${running.token('admin')}` };
    const api = `${running.origin}/api/v1/admin/backup`;
    const body = JSON.stringify({ tables: ['customers'] });
    const asked = await fetch(`${api}/trigger`, { method: 'POST', headers, body });
    expect(asked.status).toBe(202);
    const { id } = TriggerBackupResponse.parse(await asked.json());
    const look = async () => BackupDetail.parse(await (await fetch(`${api}/${id}`, { headers })).json());
    await expect.poll(async () => (await look()).status, { timeout: 60_000 }).toBe('COMPLETED');
    const part = await look();

    await page.reload();
    await page.waitForSelector(`[data-testid="backup-row"][data-id="${id}"][data-status="COMPLETED"]`);
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
