import { beforeAll, expect, it } from 'vitest';
import type { TestPage } from '../support/browser.ts';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackup } from './backup-journey.ts';

const pages = [
  '/',
  '/settings/backup',
  '/settings/backup/compare',
  '/sources',
  '/sources/new',
  '/sources/new?kind=files',
  '/sources/new?kind=sqlite',
  '/sources/new?kind=redis',
  '/sources/00000000-0000-4000-8000-000000000001',
  '/tables',
  // With one of its scenarios open.
  '/runbook#redis-failure',
  '/restores',
  '/restores/new',
  '/restores/kept',
  '/restores/instant',
  '/drills',
  '/settings/general',
  '/settings/verification',
  '/settings/users',
  '/settings/tokens',
  '/settings/audit',
  '/account',
] as const;
const nameOf = (path: string): string =>
  path === '/' ? 'overview' : path.slice(1).replaceAll(/[/?=]/g, '-');

describeWith('browser')('every page', () => {
  const scene = startBrowsedConsole();
  beforeAll(async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage();
    await tab.signIn(running.origin, running.admin);
    // Pages are judged with something on them.
    await takeBackup(tab, 'a note that is long enough to need more than one line on a narrow screen');
    await tab.page.context().close();
  });
  const settle = async ({ page }: TestPage): Promise<void> => {
    await page.waitForLoadState('networkidle');
    await page.waitForFunction(() => document.querySelector('.ant-skeleton') === null);
  };

  it.each([390, 1440])('has no violation that axe knows at %i px, in light and in dark', async (width) => {
    const { running, browser } = scene;
    const tab = await browser.newPage({ width });
    const found: Record<string, readonly string[]> = {};
    const wider: Record<string, number> = {};
    const look = async (name: string): Promise<void> => {
      await settle(tab);
      wider[name] = await tab.overflow();
      await tab.picture(`${name}-${String(width)}-light`);
      found[`${name}, light`] = await tab.violations();
      await tab.switchColours('dark');
      await tab.picture(`${name}-${String(width)}-dark`);
      found[`${name}, dark`] = await tab.violations('colours');
      await tab.switchColours('light');
    };
    await tab.page.goto(`${running.origin}/login`);
    await look('login');
    await tab.signIn(running.origin, running.admin);
    for (const path of pages) {
      await tab.page.goto(`${running.origin}${path}`);
      await look(nameOf(path));
    }
    await tab.page.goto(`${running.origin}/settings/backup`);
    await tab.page.click('[data-testid="create-backup"]');
    await tab.page.waitForSelector('[data-testid="backup-note"]');
    await look('create-backup');
    await tab.page.keyboard.press('Escape');
    await tab.page.locator('[data-testid="open-backup"]').first().click();
    await tab.page.waitForSelector('[data-testid="backup-detail"]');
    await look('details');
    for (const name of ['Checks', 'Tables', 'Manifest', 'Log']) {
      await tab.page.getByRole('tab', { name }).click();
      await look(`details-${name.toLowerCase()}`);
    }
    await tab.page.locator('.ant-drawer [data-testid="verify-now"]').click();
    await tab.page.waitForSelector('[data-testid="verify-dialog"]');
    await look('verify');
    await tab.page.goto(`${running.origin}/tables?table=public.orders`);
    await tab.page.waitForSelector('[data-testid="timeline"]');
    await look('timeline');
    expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([]);
    expect(Object.entries(wider).filter(([, pixels]) => pixels > 0)).toEqual([]);
    expect(tab.complaints()).toEqual([]);
  });

  it('scrolls sideways at no width, while the window is made wider', async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage({ width: 320 });
    const wider: Record<string, number> = {};
    const measure = async (path: string): Promise<void> => {
      await tab.page.setViewportSize({ width: 320, height: 900 });
      await tab.page.goto(`${running.origin}${path}`);
      await settle(tab);
      for (const width of [320, 390, 768, 1024, 1440, 1920]) {
        await tab.page.setViewportSize({ width, height: 900 });
        // The page may still be moving its parts to where this width has them.
        const isFitting = async () => (await tab.overflow()) === 0;
        await expect
          .poll(isFitting, { timeout: 2_000 })
          .toBe(true)
          .catch(() => undefined);
        wider[`${path} at ${String(width)} px`] = await tab.overflow();
      }
    };
    await measure('/login');
    await tab.signIn(running.origin, running.admin);
    for (const path of pages) await measure(path);
    expect(Object.entries(wider).filter(([, pixels]) => pixels > 0)).toEqual([]);
  });

  it('can be used with the keyboard alone', async () => {
    const { running, browser } = scene;
    const { page, signIn } = await browser.newPage();
    await signIn(running.origin, running.admin);
    await page.goto(`${running.origin}/settings/backup`);
    await page.waitForSelector('[data-testid="create-backup"]');
    await page.keyboard.press('Tab');
    // The first stop is a way past the navigation.
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toMatch(/^#/);
    await page.keyboard.press('Enter');
    await page.focus('[data-testid="create-backup"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-testid="backup-note"]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('[data-testid="backup-note"]', { state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe(
      'create-backup',
    );
  });

  // Every page of these tests prefers reduced motion, as some people's machines do.
  it('opens lists and menus beside what they belong to where motion is reduced', async () => {
    const { running, browser } = scene;
    const { page, signIn } = await browser.newPage();
    await signIn(running.origin, running.admin);
    const isInSight = (selector: string) =>
      page.evaluate((wanted) => {
        const box = document.querySelector(wanted)?.getBoundingClientRect();
        return box !== undefined && box.height > 0 && box.top >= 0 && box.left >= 0 && box.top < innerHeight;
      }, selector);
    await page.goto(`${running.origin}/settings/users`);
    await page.locator('[data-testid="change-user"]').first().click();
    await expect.poll(() => isInSight('.ant-dropdown')).toBe(true);
    await page.goto(`${running.origin}/settings/backup`);
    await page.click('[data-testid="filter-type"]');
    await expect.poll(() => isInSight('.ant-select-dropdown')).toBe(true);
  });
});
