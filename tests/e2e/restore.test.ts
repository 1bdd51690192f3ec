import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { Restore } from '#lib/contracts/restore.ts';
import type { Secret } from '#lib/core/secret.ts';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { describeWith } from '../support/needs.ts';
import { takeBackupByApi } from './backup-journey.ts';

const ORDERS = 20_000;
const LEFT = 150;

/** What one statement of the application saw of the database: all of the old, all of the new, or a mixture. */
interface Seen {
  readonly orders: number;
  readonly state: string;
}

/** An application that reads and writes all the time and connects again whenever it is thrown out. */
function startClient(url: Secret) {
  const seen = new Map<string, Seen>();
  const ending = new AbortController();
  let [rounds, refusals, writes] = [0, 0, 0];
  const isEnding = (): boolean => ending.signal.aborted;
  const run = async (): Promise<void> => {
    while (!isEnding()) {
      const sql = postgres(url.reveal(), { max: 1, connect_timeout: 5, onnotice: () => undefined });
      try {
        while (!isEnding()) {
          const [row] = await sql<Seen[]>`
            select (select count(*)::int from orders) as orders, (select word from state) as state`;
          if (row !== undefined) seen.set(`${String(row.orders)} ${row.state}`, row);
          await sql`insert into visits default values`;
          writes += 1;
          rounds += 1;
          await sleep(5);
        }
      } catch {
        refusals += 1;
        await sleep(20);
      } finally {
        await sql.end({ timeout: 1 });
      }
    }
  };
  const running = run();
  return {
    seen: () => [...seen.values()],
    counts: () => ({ rounds, refusals, writes }),
    /** Resolves once it was served again, after this call. */
    servedAgain: async () => {
      const before = rounds;
      await expect.poll(() => rounds, { timeout: 20_000 }).toBeGreaterThan(before);
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await running;
    },
  };
}

const byId = (id: string): string => `[data-testid="${id}"]`;

describeWith('browser')('a restore in the browser', () => {
  const scene = startBrowsedConsole({ HOLDFAST_ENVIRONMENT: 'production' });

  const state = async (database: string): Promise<Seen> => {
    const [row] = await scene.running.server.sql<{ orders: number; state: string }>(
      database,
      'select (select count(*)::int from orders) as orders, (select word from state) as state',
    );
    return row!;
  };
  const databases = async (): Promise<string[]> =>
    (
      await scene.running.server.sql<{ datname: string }>(
        'postgres',
        `select datname from pg_database where datname like 'shop%' order by 1`,
      )
    ).map(({ datname }) => datname);
  const report = async (page: Page): Promise<Restore> => {
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const answer = await page.request.get(`${scene.running.origin}/api/v1/admin/restores/${id}`);
    return Restore.parse(await answer.json());
  };
  /** Asks for an exchange as a person does: the button, the typed name, the end of it. */
  const exchange = async (page: Page, way: 'swap' | 'undo'): Promise<Restore> => {
    const before = (await report(page)).swap;
    await page.click(byId(`ask-${way}`));
    expect(await page.locator(byId('confirm-delete')).isDisabled()).toBe(true);
    await page.fill(byId('typed-name'), 'shop');
    await page.click(byId('confirm-delete'));
    let after: Restore | undefined;
    await expect
      .poll(
        async () => {
          after = await report(page);
          const isOver = after.status !== 'IN_PROGRESS' && after.swap !== null;
          return isOver && (way === 'undo') === (after.swap?.undoneAt !== null)
            ? after.swap?.swappedAt !== before?.swappedAt || way === 'undo'
            : false;
        },
        { timeout: 60_000, interval: 250 },
      )
      .toBe(true);
    return after!;
  };

  it('brings deleted rows back: timeline, preview, look, swap, undo and swap, while an application writes and reads', async () => {
    const { running, browser } = scene;
    const { server } = running;
    await server.sql(
      'shop',
      `create table state (word text not null);
       insert into state values ('as it was');
       create table visits (id bigint generated always as identity primary key, at timestamptz not null default now());`,
    );
    const good = await takeBackupByApi(running);
    await server.sql(
      'shop',
      `begin; delete from orders where id > ${String(LEFT)}; update state set word = 'after the accident'; commit;`,
    );
    await takeBackupByApi(running);

    await using client = startClient(running.application);
    await client.servedAgain();
    const tab = await browser.newPage();
    const { page } = tab;
    await tab.signIn(running.origin, running.admin);

    // The timeline names the last backup that still had the rows.
    await page.goto(`${running.origin}/tables?table=public.orders`);
    await page.click(byId('restore-before-drop'));
    await page.waitForSelector(`${byId('chosen-backup')}[data-id="${good.id}"]`);
    await expect.poll(() => page.locator(byId('wanted-rows')).innerText()).toContain('20,000 rows');
    await page.click(byId('next-step'));

    await page.check(byId('mode-swap'));
    expect(await page.inputValue(byId('target-database'))).toBe('shop');
    await page.click(byId('next-step'));

    await page.waitForSelector(`${byId('preview')}[data-can-start="true"]`, { timeout: 30_000 });
    await tab.picture('restore-preview');
    expect(await databases()).toEqual(['shop']);
    await page.click(byId('next-step'));

    // A reload keeps every choice; the start needs the whole name and, in production, a reason.
    await page.reload();
    await page.waitForSelector(byId('typed-name'), { timeout: 30_000 });
    await page.fill(byId('typed-name'), 'sho');
    await page.fill(byId('restore-reason'), 'orders were deleted by accident');
    expect(await page.locator(byId('start-restore')).isDisabled()).toBe(true);
    await page.fill(byId('typed-name'), 'shop');
    await page.click(byId('start-restore'));

    await page.waitForURL(/\/restores\/[0-9a-f-]{36}$/, { timeout: 30_000 });
    await page.waitForSelector(byId('ready-to-swap'), { timeout: 120_000 });
    const waiting = await report(page);
    expect(waiting).toMatchObject({ proven: true, canSwap: true, reason: 'orders were deleted by accident' });
    // Nothing was exchanged: the application still sees what the accident left.
    expect(await state('shop')).toEqual({ orders: LEFT, state: 'after the accident' });
    expect(await state(waiting.copyDatabase ?? '')).toEqual({ orders: ORDERS, state: 'as it was' });

    const row = page.locator('[data-testid="look-row"][data-name="public.orders"]');
    await row.waitFor({ timeout: 30_000 });
    const counts = await row.innerText();
    expect(counts).toContain('20,000');
    expect(counts).toContain(String(LEFT));
    await row.locator(byId('look-table')).click();
    await page.waitForSelector(`${byId('sample')}[data-name="public.orders"] tbody tr`, { timeout: 30_000 });
    await tab.picture('restore-ready');
    expect(await tab.violations()).toEqual([]);

    const swapped = await exchange(page, 'swap');
    expect(swapped).toMatchObject({ status: 'COMPLETED', proven: true, copyDatabase: null, error: null });
    expect(swapped.swap?.interruptionMs).toBeGreaterThan(0);
    expect(await state('shop')).toEqual({ orders: ORDERS, state: 'as it was' });
    const kept = swapped.swap?.keptDatabase ?? '';
    expect(await state(kept)).toEqual({ orders: LEFT, state: 'after the accident' });
    await client.servedAgain();
    await page.waitForSelector(`${byId('swap')}[data-undone="false"] ${byId('ask-undo')}`);
    await tab.picture('restore-swapped');

    const undone = await exchange(page, 'undo');
    expect(undone.swap?.undoneAt).not.toBeNull();
    expect(await state('shop')).toEqual({ orders: LEFT, state: 'after the accident' });
    expect(await state(undone.copyDatabase ?? '')).toEqual({ orders: ORDERS, state: 'as it was' });
    await client.servedAgain();
    await page.waitForSelector(`${byId('swap')}[data-undone="true"] ${byId('ask-swap')}`);

    const again = await exchange(page, 'swap');
    expect(again.canSwap).toBe(false);
    await client.servedAgain();

    // Whatever the pages say: this is what the server holds.
    expect(await state('shop')).toEqual({ orders: ORDERS, state: 'as it was' });
    expect(await state(again.swap?.keptDatabase ?? '')).toEqual({
      orders: LEFT,
      state: 'after the accident',
    });
    expect(await databases()).toHaveLength(2);
    // The application saw one or the other as a whole, and was thrown out at each exchange.
    expect(client.seen().toSorted((a, b) => a.orders - b.orders)).toEqual([
      { orders: LEFT, state: 'after the accident' },
      { orders: ORDERS, state: 'as it was' },
    ]);
    expect(client.counts().refusals).toBeGreaterThanOrEqual(3);
    // Counted first: the application goes on writing while the databases are asked.
    const { writes } = client.counts();
    const inAll = await Promise.all(
      (await databases()).map((name) =>
        server.sql<{ visits: number }>(name, 'select count(*)::int as visits from visits'),
      ),
    );
    // No write that was confirmed is in neither database.
    expect(inAll.flat().reduce((sum, { visits }) => sum + visits, 0)).toBeGreaterThanOrEqual(writes);
    expect(tab.complaints()).toEqual([]);

    await page.goto(`${running.origin}/restores`);
    await page.waitForSelector(`${byId('restore-mark')}[data-status="swapped"]`);
  }, 240_000);
});
