import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';
import { describeArchive, plant } from '../support/planted-archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'hf-rebuild-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describeWith('browser')('an empty history', () => {
  const scene = startBrowsedConsole({ BACKUP_LOCAL_PATH: folder });

  it('takes up what lies at the destination, after a preview that says what and what not', async () => {
    const { running, browser } = scene;
    const takenAt = (days: number): Date => new Date(Date.now() - days * 24 * 3_600_000);
    for (const days of [2, 3, 30, 31, 32, 33, 34, 35, 36])
      plant(folder, describeArchive({ database: 'shop', takenAt: takenAt(days) }));
    plant(folder, describeArchive({ prefix: 'crm_backup', database: 'crm', takenAt: takenAt(2) }));
    const tab = await browser.newPage();
    await tab.signIn(running.origin, running.admin);
    await tab.page.goto(`${running.origin}/settings/backup`);
    await tab.page.click('[data-testid="rebuild-empty"]');

    const preview = tab.page.locator('[data-testid="rebuild-preview"]');
    await preview.waitFor({ timeout: 60_000 });
    expect(await preview.locator('[data-testid="rebuild-source"][data-source="shop"]').innerText()).toContain(
      '9 backups',
    );
    expect(await preview.innerText()).toContain('lets go of 2 of them');
    const refused = preview.locator('[data-testid="rebuild-refused"]');
    expect(await refused.count()).toBe(1);
    expect(await refused.getAttribute('data-code')).toBe('not_found');
    expect(await refused.innerText()).toContain('crm_backup_');
    expect(await tab.violations()).toEqual([]);
    await tab.picture('rebuild-preview');
    await tab.page.setViewportSize({ width: 320, height: 900 });
    expect(await tab.overflow()).toBe(0);
    await tab.picture('rebuild-preview-320');
    await tab.switchColours('dark');
    expect(await tab.violations('colours')).toEqual([]);
    await tab.switchColours('light');
    await tab.page.setViewportSize({ width: 1440, height: 900 });

    // Nothing has been recorded by looking.
    await tab.page.keyboard.press('Escape');
    await tab.page.waitForSelector('[data-testid="rebuild-dialog"]', { state: 'detached' });
    expect(await tab.page.locator('[data-testid="backup-row"]').count()).toBe(0);
    await tab.page.click('[data-testid="rebuild-empty"]');
    await preview.waitFor({ timeout: 60_000 });
    const ok = tab.page.locator('[data-testid="rebuild-ok"]');
    expect(await ok.innerText()).toBe('Record 9 backups');
    await ok.click();
    const recorded = tab.page.locator('[data-testid="rebuild-recorded"]');
    await recorded.waitFor({ timeout: 60_000 });
    expect(await recorded.innerText()).toContain('9 backups recorded, none of them proven yet');
    expect(await recorded.locator('[data-testid="rebuild-refused"]').count()).toBe(1);
    await tab.picture('rebuild-recorded');
    await ok.click();
    await expect
      .poll(() => tab.page.locator('[data-testid="backup-row"][data-status="COMPLETED"]').count())
      .toBe(9);

    await tab.page.click('[data-testid="history-more"]');
    await tab.page.getByRole('menuitem', { name: /at the destinations already/ }).click();
    await preview.waitFor({ timeout: 60_000 });
    expect(await preview.innerText()).toContain('nothing not in the history');
    expect(await ok.innerText()).toBe('Close');
    await ok.click();
    expect(tab.complaints()).toEqual([]);

    const viewer = await browser.newPage();
    await viewer.signIn(running.origin, running.viewer);
    const url = `${running.origin}/api/v1/admin/backup/rebuild`;
    expect(
      (await viewer.page.request.post(url, { data: {}, headers: { origin: running.origin } })).status(),
    ).toBe(403);
  });
});
