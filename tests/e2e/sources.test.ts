import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { BackupHistoryResponse } from '#lib/contracts/backup.ts';
import { SourceList } from '#lib/contracts/source.ts';
import { openBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { startConsole, type TestConsole } from '../support/console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackup } from './backup-journey.ts';

const PASSWORD = 'a password that no page may show';

describeWith('browser')('a second database', () => {
  let running: TestConsole;
  let browser: TestBrowser;
  beforeAll(async () => {
    running = await startConsole();
    browser = await openBrowser();
    const { server } = running;
    await server.createDatabase('crm');
    await server.createDatabase('billing');
    await server.sql(
      'crm',
      `create role reader login password '${PASSWORD}'; grant pg_read_all_data to reader`,
    );
    await server.sql(
      'crm',
      'create table leads (id int primary key); insert into leads select generate_series(1, 500)',
    );
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await running[Symbol.asyncDispose]();
  });
  const attachLog = () => {
    onTestFailed(() => {
      process.stderr.write(`${running.log()}\n`);
    });
  };
  const choose = async ({ page }: TestPage, select: string, option: string): Promise<void> => {
    await page.click(`[data-testid="${select}"]`);
    await page.keyboard.type(option);
    await page.keyboard.press('Enter');
  };
  const api = async <T>(tab: TestPage, path: string, read: (document: unknown) => T): Promise<T> =>
    read(await (await tab.page.request.get(`${running.origin}/api/v1/admin/${path}`)).json());

  it('is no concern of a viewer', async () => {
    attachLog();
    const { page, signIn } = await browser.newPage();
    await signIn(running.origin, running.viewer);
    await page.waitForSelector('[data-testid="verdict"]');
    expect(await page.getByRole('link', { name: 'Sources', exact: true }).count()).toBe(0);
    for (const path of ['/sources', '/sources/new']) {
      const response = await page.goto(`${running.origin}${path}`);
      expect(response?.status()).toBe(403);
    }
    expect((await page.request.get(`${running.origin}/api/v1/admin/sources`)).status()).toBe(403);
  });

  it('is found, tested, added, backed up and filtered by in the browser', { timeout: 240_000 }, async () => {
    attachLog();
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    await takeBackup(tab, 'of the first database');
    // While there is one database, nothing speaks of sources.
    expect(await page.locator('[data-testid="filter-source"]').count()).toBe(0);

    await page.getByRole('link', { name: 'Sources', exact: true }).first().click();
    await page.waitForSelector('[data-testid="source-row"]');
    await page.click('[data-testid="add-source"]');
    await page.waitForURL('**/sources/new');
    await page.fill('#host', '127.0.0.1');
    await page.fill('#port', String(running.server.port));
    await page.fill('#user', 'reader');
    await page.fill('#password', PASSWORD);
    await page.fill('#database', 'nowhere');
    await page.click('[data-testid="test-connection"]');
    await page.waitForSelector('[data-testid="probe-result"][data-status="failed"]', { timeout: 30_000 });

    await page.fill('#database', '');
    await page.click('[data-testid="find-databases"]');
    const found = (name: string) => page.locator(`[data-testid="found-database"][data-name="${name}"]`);
    await found('crm').waitFor({ timeout: 30_000 });
    // What is backed up already cannot be added twice.
    expect(await found('shop').isDisabled()).toBe(true);
    await found('crm').check();
    expect(await page.inputValue('#name')).toBe('crm');
    expect(await page.inputValue('#filePrefix')).toBe('crm_backup');
    await page.click('[data-testid="test-connection"]');
    await page.waitForSelector('[data-testid="probe-result"][data-status="reachable"]', { timeout: 30_000 });
    await tab.picture('sources-new-filled');
    await page.click('[data-testid="save-source"]');
    await page.waitForURL(/\/sources\/[0-9a-f-]{36}$/);
    await page.waitForSelector('[data-testid="disable-source"]');
    expect(await page.content()).not.toContain(PASSWORD);
    const { data } = await api(tab, 'sources', (document) => SourceList.parse(document));
    expect(data.map(({ name }) => name)).toEqual(['shop', 'crm']);
    const id = data[1]?.id ?? '';
    expect(page.url()).toContain(id);

    // Nobody is safe because a source was left out: the new one has no backup yet, and the overview names it.
    await page.goto(running.origin);
    await page.waitForSelector('[data-testid="verdict"][data-status="CRITICAL"]');
    expect(await page.locator('[data-testid="verdict"]').innerText()).toContain('crm');
    expect(await page.locator('[data-testid="overview-source"]').count()).toBe(2);
    await tab.picture('overview-sources');

    await page.goto(`${running.origin}/settings/backup`);
    await page.click('[data-testid="create-backup"]');
    await choose(tab, 'backup-source', 'crm');
    await page.fill('[data-testid="backup-note"]', 'of the second database');
    await page.click('[data-testid="start-backup"]');
    const rows = page.locator('[data-testid="backup-row"][data-status="COMPLETED"]');
    await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(2);
    await choose(tab, 'filter-source', 'crm');
    await expect.poll(() => page.url(), { timeout: 30_000 }).toContain(`source=${id}`);
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(1);
    expect(await rows.first().innerText()).toContain('of the second database');
    await tab.picture('history-of-a-source');
    const history = await api(tab, `backup/history?source=${id}`, (document) =>
      BackupHistoryResponse.parse(document),
    );
    const [taken] = history.data;
    expect([history.data.length, taken?.sourceName, taken?.tableCount]).toEqual([1, 'crm', 1]);
    expect(taken?.filename).toMatch(/^crm_backup_/);

    // The timeline knows the one's tables, not the other's.
    await page.goto(`${running.origin}/tables?source=${id}&table=public.leads`);
    await page.waitForSelector('[data-testid="timeline"]');
    expect(await page.locator('[data-testid="timeline"]').innerText()).toContain('500');
    expect(tab.complaints()).toEqual([]);
  });

  it(
    'is backed up with every other at once; one that is refused is named',
    { timeout: 120_000 },
    async () => {
      attachLog();
      const tab = await browser.newPage();
      const { page } = tab;
      await tab.signIn(running.origin, running.admin);
      const { data: sources } = await api(tab, 'sources', (document) => SourceList.parse(document));
      const crm = sources[1]?.id ?? '';
      const taken = async (note: string) => {
        const { data } = await api(tab, 'backup/history?limit=200', (document) =>
          BackupHistoryResponse.parse(document),
        );
        return data
          .filter(({ description }) => description === note)
          .map(({ sourceName, status }) => `${sourceName} ${status}`)
          .toSorted();
      };
      const ask = async (note: string) => {
        await page.goto(`${running.origin}/settings/backup`);
        await page.click('[data-testid="create-backup"]');
        await choose(tab, 'backup-source', 'all sources');
        await page.fill('[data-testid="backup-note"]', note);
      };

      await ask('of both');
      await page.getByText('Takes a full backup of each of 2 sources').waitFor();
      await page.click('[data-testid="start-backup"]');
      await expect
        .poll(() => taken('of both'), { timeout: 60_000 })
        .toEqual(['crm COMPLETED', 'shop COMPLETED']);
      expect(await page.locator('[data-testid="start-backup"]').isVisible()).toBe(false);

      // Somebody disables one while another has the dialog open.
      await ask('of what is left');
      // The page asks each second while a verification runs, and would no longer offer the one that is disabled.
      const body = await (await page.request.get(`${running.origin}/api/v1/overview`)).text();
      await page.route('**/api/v1/overview*', (route) =>
        route.fulfill({ body, contentType: 'application/json' }),
      );
      const other = await page.context().newPage();
      await other.goto(`${running.origin}/sources/${crm}`);
      await other.click('[data-testid="disable-source"]');
      await other.click('[data-testid="confirm-disable"]');
      await other.waitForSelector('[data-testid="enable-source"]');
      await page.click('[data-testid="start-backup"]');
      await page.getByText('The backup of crm was not started').waitFor();
      expect(await page.locator('[data-testid="problem"]').getAttribute('data-code')).toBe('conflict');
      await page.unroute('**/api/v1/overview*');
      await expect.poll(() => taken('of what is left'), { timeout: 60_000 }).toEqual(['shop COMPLETED']);
      await other.click('[data-testid="enable-source"]');
      await other.waitForSelector('[data-testid="disable-source"]');
      await other.close();
      expect(tab.complaints()).toEqual([]);
    },
  );

  it('is changed and disabled, and then no longer judged', { timeout: 120_000 }, async () => {
    attachLog();
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    await page.goto(`${running.origin}/sources`);
    await page.locator('[data-testid="source-row"][data-name="crm"] [data-testid="open-source"]').click();
    await page.waitForSelector('[data-testid="save-source"]');
    await page.getByLabel('On a schedule of its own').check();
    await page.waitForSelector('[data-testid="next-runs"]');
    await page.fill('#schedule_cron', '30 4 * * 1');
    await expect
      .poll(() => page.locator('[data-testid="next-runs"]').innerText())
      .toContain('Every Monday at 04:30');
    await page.click('[data-testid="save-source"]');
    await page.waitForSelector('[data-testid="saved"]');
    const crm = async () => (await api(tab, 'sources', (document) => SourceList.parse(document))).data[1];
    expect((await crm())?.schedule).toMatchObject({ cron: '30 4 * * 1', isEnabled: true });
    // It is kept although nobody typed it again.
    expect(await crm()).toMatchObject({ hasPassword: true });

    await page.click('[data-testid="disable-source"]');
    await page.click('[data-testid="confirm-disable"]');
    await page.waitForSelector('[data-testid="enable-source"]');
    expect((await crm())?.isEnabled).toBe(false);
    await page.goto(running.origin);
    await page.waitForSelector('[data-testid="overview-source"]');
    expect(await page.locator('[data-testid="overview-source"]').allInnerTexts()).toContainEqual(
      expect.stringContaining('not judged'),
    );
    expect(tab.complaints()).toEqual([]);
  });

  it.each([
    { width: 390, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
    { width: 1440, colorScheme: 'light' },
    { width: 1440, colorScheme: 'dark' },
  ] as const)('is shown without a fault at $width px, $colorScheme', async ({ width, colorScheme }) => {
    attachLog();
    const tab = await browser.newPage({ width, colorScheme });
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    const { data } = await api(tab, 'sources', (document) => SourceList.parse(document));
    const found: Record<string, readonly (string | number)[]> = {};
    const paths = [
      '/',
      '/settings/backup',
      '/sources',
      '/sources/new',
      ...data.map(({ id }) => `/sources/${id}`),
    ];
    for (const [index, path] of paths.entries()) {
      await page.goto(`${running.origin}${path}`);
      await page.waitForFunction(() => document.querySelector('.ant-skeleton') === null);
      const role = page.locator('[data-testid="reading-role"] .ant-collapse-header');
      if ((await role.count()) > 0) await role.click();
      await tab.picture(`several-${String(index)}-${String(width)}-${colorScheme}`);
      found[path] = [...(await tab.violations()), await tab.overflow()];
    }
    expect(Object.entries(found).filter(([, faults]) => faults.some((fault) => fault !== 0))).toEqual([]);
    expect(tab.complaints()).toEqual([]);
  });
});
