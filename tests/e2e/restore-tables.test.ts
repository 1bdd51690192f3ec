import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { Restore } from '#lib/contracts/restore.ts';
import type { TestPage } from '../support/browser.ts';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackupByApi } from './backup-journey.ts';

const ORDERS = 20_000;
const LEFT = 150;
const byId = (id: string): string => `[data-testid="${id}"]`;

describeWith('browser')('a restore that changes the live database, in the browser', () => {
  const scene = startBrowsedConsole({ HOLDFAST_ENVIRONMENT: 'production' });

  const ask = async <Row extends object>(query: string, database = 'shop'): Promise<Row> => {
    const [row] = await scene.running.server.sql<Row>(database, query);
    return row!;
  };
  const count = async (what: string, database = 'shop'): Promise<number> =>
    (await ask<{ rows: number }>(`select count(*)::int as rows from ${what}`, database)).rows;
  const detailsOf = async (id: number, database = 'shop'): Promise<unknown> =>
    (await ask<{ details: unknown }>(`select details from orders where id = ${String(id)}`, database))
      .details;
  /** Every row of a table in one number, so that two databases can be compared. */
  const fingerprint = async (table: string, database: string): Promise<string> =>
    (
      await ask<{ print: string }>(
        `select md5(string_agg(t::text, chr(10) order by id)) as print from ${table} t`,
        database,
      )
    ).print;

  const openTab = async (): Promise<TestPage> => {
    const tab = await scene.browser.newPage();
    await tab.signIn(scene.running.origin, scene.running.admin);
    return tab;
  };
  /** From the choice of how to the preview, which must let it start and change nothing. */
  const toPreview = async (page: Page): Promise<void> => {
    await page.click(byId('next-step'));
    await page.waitForSelector(`${byId('preview')}[data-can-start="true"]`, { timeout: 30_000 });
  };
  /** The last step as a person does it: a wrong name and no reason start nothing. Returns the report's. */
  const confirm = async (page: Page, reason: string): Promise<Restore> => {
    await page.click(byId('next-step'));
    const start = page.locator(byId('start-restore'));
    await page.fill(byId('typed-name'), 'shop_');
    await page.fill(byId('restore-reason'), reason);
    expect(await start.isDisabled()).toBe(true);
    await page.fill(byId('typed-name'), 'shop');
    await page.fill(byId('restore-reason'), ' ');
    expect(await start.isDisabled()).toBe(true);
    await page.fill(byId('restore-reason'), reason);
    await start.click();
    await page.waitForURL(/\/restores\/[0-9a-f-]{36}$/, { timeout: 30_000 });
    await page.waitForSelector(
      `${byId('restore')}[data-status="COMPLETED"], ${byId('restore')}[data-status="FAILED"]`,
      { timeout: 60_000 },
    );
    const answer = await page.request.get(
      `${scene.running.origin}/api/v1/admin${new URL(page.url()).pathname}`,
    );
    const report = Restore.parse(await answer.json());
    expect(report).toMatchObject({ status: 'COMPLETED', error: null, reason, targetDatabase: 'shop' });
    return report;
  };
  /** From the table's timeline, where the rows fell, to the choice of what becomes of the live ones. */
  const fromTimeline = async (page: Page, into: 'append' | 'replace'): Promise<void> => {
    await page.goto(`${scene.running.origin}/tables?table=public.orders`);
    await page.click(byId('restore-table-before-drop'));
    await expect.poll(() => page.locator(byId('wanted-rows')).innerText()).toContain('20,000 rows');
    await page.click(byId('next-step'));
    await page.waitForSelector(`${byId('tables-choice')}[data-chosen="1"]`);
    expect(await page.inputValue(byId('target-database'))).toBe('shop');
    await page.check(byId(`into-${into}`));
    await toPreview(page);
  };

  it('brings deleted rows back from the timeline: first only those that are missing, then all in place of the live ones', async () => {
    const { running } = scene;
    const original = await detailsOf(1);
    await takeBackupByApi(running);
    await running.server.sql('shop', `delete from orders where id > ${String(LEFT)}`);
    await takeBackupByApi(running);
    // What happened since: a live row was changed, and one has come.
    await running.server.sql(
      'shop',
      `update orders set details = '{"lines": 99}' where id = 1;
       insert into orders (customer_id, state, details) values (7, 'open', '{"lines": 1}');`,
    );

    const tab = await openTab();
    const { page } = tab;
    await fromTimeline(page, 'append');
    await tab.picture('restore-tables-preview');
    expect(await tab.violations()).toEqual([]);
    expect(await count('orders')).toBe(LEFT + 1);

    const added = await confirm(page, 'orders were deleted by accident');
    expect(added).toMatchObject({
      mode: 'tables',
      plan: { tables: ['public.orders'], tablesInto: 'append' },
    });
    await page.waitForSelector(`${byId('restore-verdict')}[data-status="OK"]`);
    await expect.poll(() => page.locator(byId('brought-tables')).innerText()).toContain('public.orders');
    await tab.picture('restore-tables-report');
    expect(await tab.violations()).toEqual([]);
    // Whatever the page says: this is what the server holds. Live rows stayed as they were.
    expect(await count('orders')).toBe(ORDERS + 1);
    expect(await detailsOf(1)).toEqual({ lines: 99 });
    expect(await detailsOf(ORDERS + 1)).toEqual({ lines: 1 });
    expect(await count('customers')).toBe(2000);

    await fromTimeline(page, 'replace');
    expect(await count('orders')).toBe(ORDERS + 1);
    const replaced = await confirm(page, 'the orders as they were this morning');
    expect(replaced.plan.tablesInto).toBe('replace');
    await page.waitForSelector(`${byId('restore-verdict')}[data-status="OK"]`);
    expect(await count('orders')).toBe(ORDERS);
    expect(await detailsOf(1)).toEqual(original);
    expect(await count(`orders where id > ${String(ORDERS)}`)).toBe(0);
    // The rows that were in their place are kept, the changed and the new one among them.
    const kept = `"${replaced.sideSchema ?? ''}".orders`;
    expect(await count(kept)).toBe(ORDERS + 1);
    expect(await count(`${kept} where details = '{"lines": 99}' and id = 1`)).toBe(1);
    // A new row gets a number that no row of either has.
    const { id } = await ask<{ id: number }>(
      `insert into orders (customer_id, state, details) values (7, 'open', '{}') returning id`,
    );
    expect(id).toBeGreaterThan(ORDERS);
    expect(tab.complaints()).toEqual([]);
  }, 120_000);

  it('restores over the live database from a row of the history, after a safety backup that brings everything back', async () => {
    const { running } = scene;
    const { server } = running;
    const good = await takeBackupByApi(running);
    const [orders, customers] = [await count('orders'), await fingerprint('customers', 'shop')];
    await server.sql(
      'shop',
      `update customers set name = 'overwritten'; delete from orders where id > ${String(LEFT)};
       create table notes as select 1 as id, 'came after the backup' as note;`,
    );
    const damaged = await fingerprint('customers', 'shop');

    const tab = await openTab();
    const { page } = tab;
    await page.goto(`${running.origin}/settings/backup`);
    await page.click(`${byId('backup-row')}[data-id="${good.id}"] ${byId('restore')}`);
    await page.waitForSelector(`${byId('chosen-backup')}[data-id="${good.id}"]`);
    await page.click(byId('next-step'));
    await page.check(byId('mode-in-place'));
    expect(await page.inputValue(byId('target-database'))).toBe('shop');
    await toPreview(page);
    await tab.picture('restore-in-place-preview');
    expect(await tab.violations()).toEqual([]);
    expect(await fingerprint('customers', 'shop')).toBe(damaged);

    const report = await confirm(page, 'every name was overwritten');
    expect(report).toMatchObject({ mode: 'in-place', proven: true, copyDatabase: null });
    await page.waitForSelector(`${byId('restore-verdict')}[data-status="OK"]`);
    await tab.picture('restore-in-place-report');
    expect(await tab.violations()).toEqual([]);
    expect(await fingerprint('customers', 'shop')).toBe(customers);
    expect(await count('orders')).toBe(orders);
    expect(await ask('select note from notes')).toEqual({ note: 'came after the backup' });

    // The report leads to the safety backup, and that brings back what was there before.
    await page.click(byId('safety-backup'));
    const safety = report.safetyBackup?.id ?? '';
    await page.waitForSelector(`${byId('backup-detail')}[data-id="${safety}"][data-status="COMPLETED"]`);
    const asked = await page.request.post(`${running.origin}/api/v1/admin/backup/${safety}/restore`, {
      headers: { origin: running.origin },
      data: {
        mode: 'new',
        targetDatabase: 'shop_back',
        confirm: 'shop_back',
        reason: 'what was there before the restore',
      },
    });
    expect(asked.status()).toBe(202);
    const { id } = (await asked.json()) as { id: string };
    await page.goto(`${running.origin}/restores/${id}`);
    await page.waitForSelector(`${byId('restore')}[data-status="COMPLETED"]`, { timeout: 60_000 });
    expect(await fingerprint('customers', 'shop_back')).toBe(damaged);
    expect(await count('orders', 'shop_back')).toBe(LEFT);
    expect(await count('notes', 'shop_back')).toBe(1);
    expect(tab.complaints()).toEqual([]);
  }, 120_000);
});
