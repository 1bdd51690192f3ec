import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BackupDetail, BackupHistoryResponse } from '#lib/contracts/backup.ts';
import { Restore, RestoreList } from '#lib/contracts/restore.ts';
import { SourceList } from '#lib/contracts/source.ts';
import type { TestPage } from '../support/browser.ts';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';

const byId = (id: string): string => `[data-testid="${id}"]`;

describeWith('browser')('what is no PostgreSQL database', () => {
  const scene = startBrowsedConsole({ HOLDFAST_ENVIRONMENT: 'production' });
  let folder: string;
  const at = (name: string): string => join(folder, name);
  beforeAll(() => {
    // Wider than any screen, and nowhere to part it.
    folder = join(mkdtempSync(join(tmpdir(), 'hf-kinds-')), 'volume_'.repeat(20));
    mkdirSync(at('uploads/invoices'), { recursive: true });
    writeFileSync(at('uploads/invoices/first.txt'), 'the first invoice');
    writeFileSync(at('uploads/invoices/second.txt'), 'the second invoice');
    writeFileSync(at('uploads/.env.production'), 'PASSWORD=1');
    writeFileSync(at('uploads/debug.log'), 'not worth a backup');
    const database = new DatabaseSync(at('inventory.db'));
    database.exec('create table items (id integer primary key); insert into items values (1), (2), (3)');
    database.close();
  });
  afterAll(() => {
    rmSync(dirname(folder), { recursive: true, force: true });
  });

  const read = async <T>(page: Page, path: string, parse: (document: unknown) => T): Promise<T> =>
    parse(await (await page.request.get(`${scene.running.origin}/api/v1/admin/${path}`)).json());
  const choose = async ({ page }: TestPage, select: string, option: string): Promise<void> => {
    await page.click(byId(select));
    await page.keyboard.type(option);
    await page.keyboard.press('Enter');
  };
  /** From the list of sources to one that is saved; what the form asks for in between is `fill`. */
  const add = async ({ page }: TestPage, kind: string, fill: () => Promise<void>): Promise<string> => {
    await page.goto(`${scene.running.origin}/sources`);
    await page.click(byId('add-source'));
    await page.check(byId(`kind-${kind}`));
    await page.waitForURL(`**/sources/new?kind=${kind}`);
    await fill();
    await page.click(byId('test-connection'));
    await page.waitForSelector(`${byId('probe-result')}[data-status="reachable"]`, { timeout: 30_000 });
    await page.click(byId('save-source'));
    await page.waitForURL(/\/sources\/[0-9a-f-]{36}$/);
    await page.waitForSelector(byId('disable-source'));
    return page.url().slice(-36);
  };
  /** As a person asks for it, once it is proven too. */
  const backUp = async (tab: TestPage, name: string, sourceId: string): Promise<BackupDetail> => {
    const { page } = tab;
    await page.goto(`${scene.running.origin}/settings/backup?source=${sourceId}`);
    await page.click(byId('create-backup'));
    await choose(tab, 'backup-source', name);
    await page.locator('.ant-modal .ant-collapse-header').click();
    // Only a PostgreSQL database can be backed up in parts.
    await page.getByText('Options', { exact: true }).waitFor();
    expect(await page.getByText('Only these tables').count()).toBe(0);
    await page.click(byId('start-backup'));
    await page.waitForSelector(`${byId('backup-row')}[data-status="COMPLETED"]`, { timeout: 60_000 });
    const { data } = await read(page, `backup/history?source=${sourceId}`, (document) =>
      BackupHistoryResponse.parse(document),
    );
    const id = data[0]?.id ?? '';
    const look = () => read(page, `backup/${id}`, (document) => BackupDetail.parse(document));
    await expect.poll(async () => (await look()).proof.state, { timeout: 60_000 }).toBe('PROVEN');
    return look();
  };
  const report = (page: Page): Promise<Restore> =>
    read(page, `restores/${new URL(page.url()).pathname.split('/').at(-1) ?? ''}`, (document) =>
      Restore.parse(document),
    );
  const exchange = async (page: Page, way: 'swap' | 'undo', path: string): Promise<Restore> => {
    await page.click(byId(`ask-${way}`));
    await page.fill(byId('typed-name'), path);
    await page.click(byId('confirm-delete'));
    await page.waitForSelector(`${byId('swap')}[data-undone="${String(way === 'undo')}"]`, {
      timeout: 60_000,
    });
    await page.waitForSelector(`${byId('restore')}[data-status="COMPLETED"]`, { timeout: 60_000 });
    return report(page);
  };

  it('adds files, backs them up, and brings a deleted one back by a swap that is undone', async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    const path = at('uploads');

    const sourceId = await add(tab, 'files', async () => {
      // Nothing stands there, and the form says so where it was typed.
      await page.fill('#path', at('nowhere'));
      await page.click(byId('test-connection'));
      await page.waitForSelector(`${byId('probe-result')}[data-status="failed"]`, { timeout: 30_000 });
      await page.fill('#path', `${path}/`);
      // What was found elsewhere says nothing of this.
      await page.waitForSelector(byId('probe-result'), { state: 'detached' });
      expect(await page.inputValue('#name')).toBe('uploads');
      expect(await page.inputValue('#filePrefix')).toBe('uploads_backup');
      expect(await page.locator(byId('unencrypted-secrets')).count()).toBe(0);
      await page.fill('#only', '.env.production');
      await page.waitForSelector(byId('unencrypted-secrets'));
      await page.fill('#only', '');
      await page.fill('#excludes', '*.log');
      await tab.picture('sources-new-files-filled');
      expect(await tab.violations()).toEqual([]);
    });
    const { data } = await read(page, 'sources', (document) => SourceList.parse(document));
    expect(data.find(({ id }) => id === sourceId)).toMatchObject({
      kind: 'files',
      path,
      only: null,
      excludes: ['*.log'],
    });

    const backup = await backUp(tab, 'uploads', sourceId);
    expect(backup).toMatchObject({ status: 'COMPLETED', sourceKind: 'files' });
    await page.goto(`${running.origin}/settings/backup?backup=${backup.id}&tab=tables`);
    await page.waitForSelector(byId('files-facts'));
    expect(await page.locator(byId('files-facts')).innerText()).toMatch(/Files\s+3\b/);
    await tab.picture('details-files');
    await page.getByRole('tab', { name: 'Checks' }).click();
    await page.waitForSelector(`${byId('verification')}[data-status="PASSED"]`);
    expect(await page.locator(byId('verification')).innerText()).toContain('Names and contents');
    expect(await tab.violations()).toEqual([]);

    rmSync(at('uploads/invoices/first.txt'));
    writeFileSync(at('uploads/invoices/second.txt'), 'overwritten by accident');
    writeFileSync(at('uploads/invoices/third.txt'), 'written since the backup');

    await page.goto(`${running.origin}/restores/new?backup=${backup.id}`);
    await page.waitForSelector(byId('chosen-backup'));
    await page.click(byId('next-step'));
    expect(await page.inputValue(byId('target-database'))).toBe(`${path}_restored`);
    expect(await page.locator(byId('mode-tables')).count()).toBe(0);
    await page.check(byId('mode-swap'));
    expect(await page.inputValue(byId('target-database'))).toBe(path);
    await tab.picture('restore-path-how');
    await page.click(byId('next-step'));
    await page.waitForSelector(`${byId('preview')}[data-can-start="true"]`, { timeout: 30_000 });
    await tab.picture('restore-path-preview');
    expect(await tab.violations()).toEqual([]);
    await page.click(byId('next-step'));
    await page.fill(byId('restore-reason'), 'an invoice was deleted');
    await page.fill(byId('typed-name'), 'uploads');
    expect(await page.locator(byId('start-restore')).isDisabled()).toBe(true);
    await page.fill(byId('typed-name'), path);
    await page.click(byId('start-restore'));
    await page.waitForURL(/\/restores\/[0-9a-f-]{36}$/, { timeout: 30_000 });
    await page.waitForSelector(byId('ready-to-swap'), { timeout: 60_000 });
    expect(await report(page)).toMatchObject({ proven: true, canSwap: true, sourceKind: 'files' });
    expect(readdirSync(at('uploads/invoices'))).toEqual(['second.txt', 'third.txt']);

    // What differs, by name: what came back, what was changed, and what would be put aside.
    const listed = async (name: string): Promise<string[]> => {
      const list = page.locator(`${byId(`files-${name}`)} li`);
      return list.allInnerTexts();
    };
    await page.waitForSelector(byId('files-added'), { timeout: 30_000 });
    expect(await listed('added')).toEqual(['invoices/first.txt']);
    expect(await listed('changed')).toEqual(['invoices/second.txt']);
    expect(await listed('removed')).toEqual(['invoices/third.txt']);
    await tab.picture('restore-path-ready');
    expect(await tab.violations()).toEqual([]);

    const swapped = await exchange(page, 'swap', path);
    expect(swapped).toMatchObject({ status: 'COMPLETED', proven: true, error: null });
    expect(readFileSync(at('uploads/invoices/first.txt'), 'utf8')).toBe('the first invoice');
    expect(readFileSync(at('uploads/invoices/second.txt'), 'utf8')).toBe('the second invoice');
    const kept = swapped.swap?.keptDatabase ?? '';
    expect(readFileSync(join(kept, 'invoices/third.txt'), 'utf8')).toBe('written since the backup');
    await tab.picture('restore-path-swapped');
    expect(await page.locator(byId('restore-verdict')).innerText()).not.toMatch(/database/i);

    await page.goto(`${running.origin}/restores/kept`);
    await page.waitForSelector(`${byId('kept-row')}[data-name="${kept}"]`);
    await tab.picture('restores-kept-path');
    expect(await tab.violations()).toEqual([]);

    await page.goto(`${running.origin}/restores/${swapped.id}`);
    await page.waitForSelector(byId('ask-undo'));
    await exchange(page, 'undo', path);
    expect(readdirSync(at('uploads/invoices'))).toEqual(['second.txt', 'third.txt']);
    expect(readFileSync(at('uploads/invoices/second.txt'), 'utf8')).toBe('overwritten by accident');
    expect(tab.complaints()).toEqual([]);
  }, 240_000);

  it('adds a SQLite database, backs it up and counts its tables', async () => {
    const { running, browser } = scene;
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);
    const sourceId = await add(tab, 'sqlite', async () => {
      await page.fill('#path', at('inventory.db'));
      expect(await page.inputValue('#name')).toBe('inventory');
    });
    const backup = await backUp(tab, 'inventory', sourceId);
    expect(backup).toMatchObject({ status: 'COMPLETED', sourceKind: 'sqlite', tableCount: 1 });
    await page.goto(`${running.origin}/tables?source=${sourceId}&table=main.items`);
    await page.waitForSelector(byId('timeline'));
    expect(await page.locator(byId('timeline')).innerText()).toContain('3');
    expect(tab.complaints()).toEqual([]);
  }, 120_000);

  it.each([390, 1440])(
    'is shown without a fault at %i px, in light and in dark',
    async (width) => {
      const { running, browser } = scene;
      const tab = await browser.newPage({ width });
      const { page } = tab;
      await tab.signIn(running.origin, running.admin);
      const { data: sources } = await read(page, 'sources', (document) => SourceList.parse(document));
      const { data: backups } = await read(page, 'backup/history', (document) =>
        BackupHistoryResponse.parse(document),
      );
      const { data: restores } = await read(page, 'restores', (document) => RestoreList.parse(document));
      const paths = [
        '/',
        '/sources',
        '/settings/backup',
        '/restores',
        '/restores/kept',
        ...sources.filter(({ kind }) => kind !== 'postgres').map(({ id }) => `/sources/${id}`),
        ...backups.map(({ id }) => `/settings/backup?backup=${id}`),
        ...backups.map(({ id }) => `/restores/new?backup=${id}&step=how&mode=swap`),
        ...restores.map(({ id }) => `/restores/${id}`),
      ];
      expect(paths).toHaveLength(12);
      const found: Record<string, readonly string[]> = {};
      const wider: Record<string, number> = {};
      for (const [index, path] of paths.entries()) {
        await page.goto(`${running.origin}${path}`);
        await page.waitForLoadState('networkidle');
        await page.waitForFunction(() => document.querySelector('.ant-skeleton') === null);
        wider[path] = await tab.overflow();
        await tab.picture(`kinds-${String(index)}-${String(width)}-light`);
        found[`${path}, light`] = await tab.violations();
        await tab.switchColours('dark');
        await tab.picture(`kinds-${String(index)}-${String(width)}-dark`);
        found[`${path}, dark`] = await tab.violations('colours');
        await tab.switchColours('light');
      }
      expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([]);
      expect(Object.entries(wider).filter(([, pixels]) => pixels > 0)).toEqual([]);
      expect(tab.complaints()).toEqual([]);
    },
    120_000,
  );
});
