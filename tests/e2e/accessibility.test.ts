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
  '/sources/00000000-0000-4000-8000-000000000001',
  '/tables',
  // With one of its scenarios open.
  '/runbook#redis-failure',
  '/restores',
  '/restores/new',
  '/restores/kept',
  '/settings/general',
  '/settings/verification',
  '/settings/users',
  '/settings/tokens',
  '/settings/audit',
  '/account',
] as const;
const widths = [390, 768, 1024, 1440, 1920] as const;
const nameOf = (path: string): string => (path === '/' ? 'overview' : path.slice(1).replaceAll('/', '-'));

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

  it.each([
    { width: 390, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
    { width: 1440, colorScheme: 'light' },
    { width: 1440, colorScheme: 'dark' },
  ] as const)(
    'has no violation that axe knows at $width px, $colorScheme',
    async ({ width, colorScheme }) => {
      const { running, browser } = scene;
      const tab = await browser.newPage({ width, colorScheme });
      const found: Record<string, readonly string[]> = {};
      await tab.page.goto(`${running.origin}/login`);
      await settle(tab);
      await tab.picture(`login-${String(width)}-${colorScheme}`);
      found['/login'] = await tab.violations();
      await tab.signIn(running.origin, running.admin);
      for (const path of pages) {
        await tab.page.goto(`${running.origin}${path}`);
        await settle(tab);
        await tab.picture(`${nameOf(path)}-${String(width)}-${colorScheme}`);
        found[path] = await tab.violations();
      }
      await tab.page.goto(`${running.origin}/settings/backup`);
      await tab.page.click('[data-testid="create-backup"]');
      await tab.page.waitForSelector('[data-testid="backup-note"]');
      await tab.picture(`create-backup-${String(width)}-${colorScheme}`);
      found['the create dialog'] = await tab.violations();
      await tab.page.keyboard.press('Escape');
      await tab.page.locator('[data-testid="open-backup"]').first().click();
      await tab.page.waitForSelector('[data-testid="backup-detail"]');
      await tab.picture(`details-${String(width)}-${colorScheme}`);
      found['the details'] = await tab.violations();
      for (const name of ['Checks', 'Tables', 'Manifest', 'Log']) {
        await tab.page.getByRole('tab', { name }).click();
        await settle(tab);
        await tab.picture(`details-${name.toLowerCase()}-${String(width)}-${colorScheme}`);
        found[`the details: ${name}`] = await tab.violations();
      }
      await tab.page.locator('.ant-drawer [data-testid="verify-now"]').click();
      await tab.page.waitForSelector('[data-testid="verify-dialog"]');
      await tab.picture(`verify-${String(width)}-${colorScheme}`);
      found['the verify dialog'] = await tab.violations();
      await tab.page.goto(`${running.origin}/tables?table=public.orders`);
      await tab.page.waitForSelector('[data-testid="timeline"]');
      await tab.picture(`timeline-${String(width)}-${colorScheme}`);
      found['a timeline'] = await tab.violations();
      expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([]);
      expect(tab.complaints()).toEqual([]);
    },
  );

  it.each(widths)('does not scroll sideways at %i px', async (width) => {
    const { running, browser } = scene;
    const tab = await browser.newPage({ width });
    const wider: Record<string, number> = {};
    await tab.page.goto(`${running.origin}/login`);
    wider['/login'] = await tab.overflow();
    await tab.signIn(running.origin, running.admin);
    for (const path of pages) {
      await tab.page.goto(`${running.origin}${path}`);
      await settle(tab);
      wider[path] = await tab.overflow();
    }
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
