import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';

describeWith('browser')('the runbook', () => {
  const scene = startBrowsedConsole();

  it('is worked through by two people who see each other’s ticks, and can be taken away', async () => {
    const { running, browser } = scene;
    const scenario = '[data-testid="scenario"][data-name="redis-failure"]';
    const step = (name: string): string => `${scenario} [data-testid="step"][data-name="${name}"]`;
    const admin = await browser.newPage();
    await admin.signIn(running.origin, running.admin);
    await admin.page.waitForSelector('nav a[href="/runbook"]');
    await admin.page.goto(`${running.origin}/runbook`);
    await admin.page.waitForSelector(scenario);
    expect(await admin.page.locator('[data-testid="scenario"]').count()).toBe(10);
    expect(await admin.page.locator('[data-testid="tick"]').count()).toBe(0);
    // Folded, so that all ten are seen at once; what is opened stands in the address.
    expect(await admin.page.locator(`${scenario} [data-testid="start-incident"]`).isVisible()).toBe(false);
    await admin.page.click(`${scenario} summary`);
    await admin.page.waitForURL('**/runbook#redis-failure');
    await admin.page.click(`${scenario} [data-testid="start-incident"]`);
    await admin.page.click(`${step('restart')} [data-testid="tick"]`);
    await admin.page.waitForSelector(`${step('restart')}[data-status="done"]`);

    // Paper cannot be clicked on.
    const shown = () => admin.page.locator('[data-testid="scenario"] [data-testid="step"]:visible').count();
    const all = await admin.page.locator('[data-testid="scenario"] [data-testid="step"]').count();
    const ofOne = await shown();
    expect(ofOne).toBeLessThan(all);
    await admin.page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    expect(await shown()).toBe(all);
    await admin.page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    expect(await shown()).toBe(ofOne);

    const viewer = await browser.newPage({ width: 390 });
    await viewer.signIn(running.origin, running.viewer);
    await viewer.page.goto(`${running.origin}/runbook`);
    await viewer.page.waitForSelector(`${step('restart')}[data-status="done"]`);
    expect(await viewer.page.locator(`${step('restart')} [data-testid="ticked-by"]`).innerText()).toContain(
      running.admin.email,
    );
    expect(await viewer.page.locator('a[href^="/settings"]').count()).toBe(0);
    // What is under way is open for whoever comes.
    await viewer.page.click(`${step('ping')} [data-testid="tick"]`);

    // Without a reload, within a few seconds; and after one.
    await admin.page.waitForSelector(`${step('ping')}[data-status="done"]`);
    await admin.page.reload();
    await admin.page.waitForSelector(`${step('ping')}[data-status="done"]`);
    await admin.page.click(`${scenario} [data-testid="finish-incident"]`);
    await admin.page.waitForSelector('[data-testid="finished-incident"]');
    await viewer.page.waitForSelector(`${scenario}[data-status="idle"]`);

    const [download] = await Promise.all([
      viewer.page.waitForEvent('download'),
      viewer.page.click('[data-testid="download-runbook"]'),
    ]);
    expect(download.suggestedFilename()).toBe('disaster-recovery-runbook.md');
    const text = await readFile(await download.path(), 'utf8');
    expect(text).toContain('## Scenario 10:');
    expect(text).toContain(`--port ${String(running.server.port)}`);
    expect([...admin.complaints(), ...viewer.complaints()]).toEqual([]);
  });
});
