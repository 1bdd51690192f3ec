import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackup, takeBackupByApi } from './backup-journey.ts';

const VERIFIED = 120_000;

describeWith('browser')('proof', () => {
  const scene = startBrowsedConsole();

  it('comes by itself after the first backup, is shown with every check, and tells where rows went', async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    await page.waitForSelector('[data-testid="verdict"][data-proven="false"][data-status="CRITICAL"]');

    const first = await takeBackup(tab, 'all rows');
    await page.goto(running.origin);
    await page.waitForSelector('[data-testid="verdict"][data-proven="true"]', { timeout: VERIFIED });
    const sentence = await page.locator('#verdict-sentence').innerText();
    expect(sentence).toMatch(
      /^Last proven restore point: today \d\d:\d\d, .*\. Restoring it takes about \d+ seconds?\.$/,
    );
    await page.waitForSelector('[data-testid="restore-time"][data-status="met"]');
    await tab.picture('proof-overview');

    await page.goto(`${running.origin}/settings/backup?proof=PROVEN`);
    const proof = page.locator(`[data-testid="backup-row"][data-id="${first.id}"] [data-testid="proof"]`);
    await proof.waitFor();
    expect(await proof.getAttribute('data-status')).toBe('PROVEN');
    expect(await proof.innerText()).toMatch(/^proven (just now|\d+ min ago)$/);

    await page.goto(`${running.origin}/settings/backup?backup=${first.id}&tab=checks`);
    await page.waitForSelector('[data-testid="verification"][data-status="PASSED"]');
    expect(await page.locator('[data-testid="check-row"][data-verdict="FAILED"]').count()).toBe(0);
    await page.fill('[data-testid="find-check"]', 'public.orders');
    const rows = page.locator('[data-testid="check-row"][data-name="rows:public.orders"]');
    await rows.waitFor();
    expect(await rows.getAttribute('data-verdict')).toBe('PASSED');
    expect((await rows.innerText()).replaceAll(/[,.]/g, '')).toContain('20000');
    await tab.picture('proof-checks');

    // The open tab is part of the address: a reload shows it again.
    await page.getByRole('tab', { name: 'Tables' }).click();
    await page.waitForURL('**tab=tables**');
    await page.reload();
    await page.waitForSelector('[data-testid="table-row"][data-name="public.orders"]');
    await page.getByRole('tab', { name: 'Manifest' }).click();
    const coming = page.waitForEvent('download');
    await page.click('[data-testid="download-manifest"]');
    expect((await coming).suggestedFilename()).toBe(`${first.filename}.manifest.json`);

    await running.server.sql('shop', 'delete from orders where id > 5000; create table notes (id integer)');
    const second = await takeBackupByApi(running);
    await page.goto(`${running.origin}/tables?table=public.orders`);
    await page.waitForSelector('[data-testid="timeline"][data-drops="1"]');
    expect(await page.locator('[data-testid="drop"]').innerText()).toContain('−75 %');
    expect(await page.locator('[data-testid="last-before-drop"]').getAttribute('href')).toContain(first.id);
    await page.waitForSelector('[data-testid="chart-point"][data-marked="true"]');
    await tab.picture('proof-timeline');

    await page.goto(`${running.origin}/settings/backup`);
    for (const { filename } of [first, second]) {
      await page.getByRole('checkbox', { name: `Tick ${filename} for a comparison` }).check();
    }
    await page.click('[data-testid="compare-selected"]');
    await page.waitForURL(`**/compare?a=${first.id}&b=${second.id}`);
    const compared = (name: string) =>
      page.locator(`[data-testid="compared-table"][data-name="public.${name}"]`);
    await compared('orders').waitFor();
    expect(await compared('orders').innerText()).toContain('−15,000');
    expect(await compared('notes').getAttribute('data-presence')).toBe('only-b');
    expect(await compared('customers').getAttribute('data-content')).toBe('same');
    await page.getByRole('checkbox', { name: 'Changed only' }).check();
    await compared('customers').waitFor({ state: 'detached' });
    await tab.picture('proof-compare');
    // A link that was cut has chosen nothing on that side, and asks for nothing.
    await page.goto(`${running.origin}/settings/backup/compare?a=${first.id}&b=${second.id.slice(0, 8)}`);
    await page.waitForSelector('[data-testid="empty"]');
    expect(await page.locator('[data-testid="problem"]').count()).toBe(0);
    expect(tab.complaints()).toEqual([]);
  }, 300_000);

  it('is rehearsed by a drill, whose signed report stock OpenSSL accepts', async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    await page.getByRole('link', { name: 'Drills', exact: true }).click();
    await page.getByText('No drill yet').waitFor();
    await tab.picture('drills-none');
    await page.click('[data-testid="run-drill"]');
    await page.fill('[data-testid="drill-note"]', 'rehearsed in a browser');
    expect(await tab.violations()).toEqual([]);
    await tab.picture('drills-start');
    await page.click('[data-testid="start-drill"]');
    await page.waitForURL('**/drills/*');
    await page.waitForSelector('[data-testid="drill"][data-status="PASSED"]', { timeout: VERIFIED });
    await page.waitForSelector('[data-testid="drill-report"][data-signed="true"]');
    expect(await page.locator('[data-testid="drill-verdict-sentence"]').innerText()).toMatch(
      /^Coming back took \d+ seconds?; the objective is 1 hour\.$/,
    );
    const verdicts = await page
      .locator('[data-testid="drill-objective"]')
      .evaluateAll((rows) => rows.map((row) => [row.dataset['name'], row.dataset['verdict']]));
    expect(verdicts).toEqual([
      ['proof', 'PASSED'],
      ['rto', 'PASSED'],
      ['rpo', 'PASSED'],
    ]);
    expect(await tab.violations()).toEqual([]);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => tab.overflow()).toBe(0);
      for (const scheme of ['dark', 'light'] as const) {
        await tab.switchColours(scheme);
        expect(await tab.violations('colours')).toEqual([]);
        await tab.picture(`drill-${String(width)}-${scheme}`);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });

    const folder = mkdtempSync(join(tmpdir(), 'hf-drill-'));
    try {
      const files: string[] = [];
      for (const what of ['report', 'signature', 'key']) {
        const coming = page.waitForEvent('download');
        await page.click(`[data-testid="download-${what}"]`);
        const download = await coming;
        files.push(join(folder, download.suggestedFilename()));
        await download.saveAs(files.at(-1) ?? '');
      }
      const [report = '', signature = '', key = ''] = files;
      expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
        status: 'PASSED',
        note: 'rehearsed in a browser',
        requestedBy: running.admin.email,
      });
      // The very command that the page shows.
      const command = await page.locator('[data-testid="drill-report"] .hf-command code').innerText();
      const check = () =>
        execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
      expect([signature, key].map((path) => path.startsWith(folder))).toEqual([true, true]);
      expect(check()).toContain('Signature Verified Successfully');
      writeFileSync(report, readFileSync(report, 'utf8').replace('PASSED', 'FAILED'));
      expect(check).toThrow();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    await page.getByRole('link', { name: 'All drills' }).click();
    await page.waitForSelector('[data-testid="drill-row"][data-status="PASSED"]');
    expect(await tab.violations()).toEqual([]);
    await tab.picture('drills-1440');
    await page.setViewportSize({ width: 390, height: 900 });
    await expect.poll(() => tab.overflow()).toBe(0);
    await tab.picture('drills-390');
    expect(tab.complaints()).toEqual([]);
  }, 300_000);

  it('can be asked for at a depth by hand, and its progress survives a reload', async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    await page.goto(`${running.origin}/settings/backup`);
    // The verification that follows each backup goes first: a second one would be refused.
    await page.waitForFunction(
      () => document.querySelectorAll('[data-testid="proof"][data-status="PROVEN"]').length === 2,
      undefined,
      { timeout: VERIFIED },
    );
    await page.locator('[data-testid="verify-now"]').first().click();
    await page.getByRole('radio', { name: /^Bytes/ }).check();
    await page.click('[data-testid="start-verification"]');
    await page.waitForURL('**tab=checks**');
    await page.reload();
    await page.waitForSelector('[data-testid="verification"][data-status="PASSED"]', { timeout: VERIFIED });
    await page.getByRole('heading', { name: /Passed/ }).waitFor();
    await page.waitForFunction(() => document.body.innerText.includes('Bytes verification of the copy'));
    // Reading the bytes again takes no proof away.
    await page.waitForSelector('[data-testid="backup-detail"] [data-testid="proof"][data-status="PROVEN"]');
    expect(tab.complaints()).toEqual([]);
  }, 200_000);

  it('is lost when the archive is damaged: said in the history, and on the overview with what to do', async () => {
    const { running, browser } = scene;
    const [row] = await running.server.sql<{ id: string; path: string }>(
      'holdfast',
      'select id, storage_path as path from backups order by created_at desc limit 1',
    );
    const { id, path } = row!;
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);

    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    await page.goto(`${running.origin}/settings/backup`);
    await page.locator(`[data-testid="backup-row"][data-id="${id}"] [data-testid="verify-now"]`).click();
    await page.click('[data-testid="depth-archive"]');
    await page.click('[data-testid="start-verification"]');
    await page.waitForSelector('[data-testid="verification"][data-status="FAILED"]', { timeout: VERIFIED });
    await page.waitForSelector('[data-testid="check-row"][data-name="sha256"][data-verdict="FAILED"]');
    await tab.picture('proof-failed');

    await page.goto(`${running.origin}/settings/backup?proof=FAILED`);
    await page.waitForSelector(
      `[data-testid="backup-row"][data-id="${id}"] [data-testid="proof"][data-status="FAILED"]`,
    );
    await page.goto(running.origin);
    await page.waitForSelector('[data-testid="verdict"][data-status="CRITICAL"]');
    const trouble = page.locator('[data-testid="trouble"][data-name="proof"]');
    expect(await trouble.getAttribute('data-status')).toBe('CRITICAL');
    expect(await trouble.innerText()).toContain('is not what was written');
    // The older one still counts, and is named first.
    expect(await page.locator('#verdict-sentence').innerText()).toMatch(/^Last proven restore point: /);
    await tab.picture('proof-failed-overview');
    await trouble.getByRole('link').click();
    await page.waitForURL('**proof=FAILED**');
    await page.waitForSelector(`[data-testid="backup-row"][data-id="${id}"]`);
    expect(tab.complaints()).toEqual([]);
  }, 200_000);
});
