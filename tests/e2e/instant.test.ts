import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCatalogue } from '#db/client.ts';
import { tickLog } from '#lib/engine/read-log.ts';
import { archiveWal, switchWal } from '../support/archiving-server.ts';
import { startBrowsedConsole } from '../support/browsed-console.ts';
import { createEngine } from '../support/engine.ts';
import { describeWith } from '../support/needs.ts';
import { ROOT } from '../support/temporary-tree.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'hf-instant-'));
const walFolder = join(folder, 'wal');
chmodSync(folder, 0o755);
for (const name of ['wal', 'backups']) mkdirSync(join(folder, name));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describeWith('browser')('back to an instant', () => {
  const scene = startBrowsedConsole({
    BACKUP_WAL_PATH: walFolder,
    BACKUP_LOCAL_PATH: join(folder, 'backups'),
  });
  const environment = (): Record<string, string> => ({
    HOLDFAST_DATA_DIR: join(folder, 'data'),
    BACKUP_LOCAL_PATH: join(folder, 'backups'),
    BACKUP_WAL_PATH: walFolder,
    PGHOST: '127.0.0.1',
    PGPORT: String(scene.running.server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
  });
  const shell = (command: string): Promise<{ readonly stdout: string }> =>
    run('bash', ['-c', command], {
      cwd: ROOT,
      env: { NODE_ENV: 'test', PATH: process.env['PATH'], ...environment() },
    });
  /** What a worker does every few minutes. */
  const lookAtLog = async (): Promise<void> => {
    const { catalogue: url } = scene.running;
    const catalogue = openCatalogue(url, { applicationName: 'holdfast-test' });
    try {
      await using engine = await createEngine({ ...catalogue, url }, environment());
      await tickLog(engine, AbortSignal.timeout(60_000));
    } finally {
      await catalogue.close();
    }
  };
  beforeAll(async () => {
    await archiveWal(scene.running.server, walFolder, folder);
  });

  it('leads from the page that says what can be reached to a copy of the server as it was', async () => {
    const { running, browser } = scene;
    const { page, signIn, complaints, picture } = await browser.newPage();
    await signIn(running.origin, running.admin);
    await page.goto(`${running.origin}/restores`);
    await page.click('[data-testid="to-instant"]');
    await page.waitForURL('**/restores/instant');

    await shell('scripts/base-backup.sh');
    // No later log is kept yet: what is offered is the base archive's own end, and not an instant that is refused.
    await lookAtLog();
    await page.reload();
    await page.waitForSelector('[data-testid="recovery-commands"]');
    expect(await page.locator('[data-testid="recovery-commands"] code').nth(0).innerText()).toContain(
      '--latest',
    );
    expect(await page.locator('[data-testid="out-of-reach"]').count()).toBe(0);
    const rows = async (): Promise<number> =>
      (await running.server.sql<{ n: number }>('shop', 'select count(*)::int as n from orders'))[0]?.n ?? -1;
    const whole = await rows();
    // Instants are chosen to the second: nothing may happen in the one that is chosen.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const before = new Date(Math.floor(Date.now() / 1000) * 1000);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await running.server.sql('shop', 'delete from orders where id > 100');
    expect(await rows()).toBeLessThan(whole);
    await switchWal(running.server, walFolder);
    await lookAtLog();

    await page.reload();
    // Full segments alone are archived, and that is said.
    await page.waitForSelector('[data-testid="log-verdict"][data-status="WARNING"]');
    expect(await page.locator('[data-testid="base-row"]').count()).toBe(1);
    const type = (at: Date): Promise<void> =>
      page.fill(
        '[data-testid="instant"]',
        // The browser's own zone, as a person would type it.
        new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19),
      );
    await type(new Date(before.getTime() - 86_400_000));
    await page.waitForSelector('[data-testid="out-of-reach"]');
    expect(await page.locator('[data-testid="recovery-commands"]').count()).toBe(0);
    await type(before);
    const commands = page.locator('[data-testid="recovery-commands"] code');
    await commands.nth(1).waitFor();
    await picture('instant');
    const into = join(folder, 'copy');
    const typed = (command: string): string => command.replace(/--into \S+/, `--into ${into}`);

    const { stdout: dry } = await shell(typed(await commands.nth(0).innerText()));
    expect(dry).toContain('dry run: nothing was changed');
    expect(existsSync(into)).toBe(false);
    const { stdout } = await shell(`${typed(await commands.nth(1).innerText())} --keep-running`);
    try {
      const port = Number(/it runs on 127\.0\.0\.1:(\d+)/.exec(stdout)?.[1]);
      const { stdout: found } = await shell(
        `psql -h 127.0.0.1 -p ${String(port)} -Atc 'select count(*) from orders' shop`,
      );
      expect(Number(found)).toBe(whole);
    } finally {
      await shell(/stop it with\n.*?\] +(.*)\n/.exec(stdout)?.[1] ?? 'false');
    }
    expect(complaints()).toEqual([]);
  });

  it('says on the first page that what is written now cannot be brought back, and shows it to no viewer', async () => {
    const { running, browser } = scene;
    await running.server.sql('postgres', `alter system set archive_command = 'false'`);
    await running.server.sql('postgres', 'select pg_reload_conf()');
    await running.server.sql('shop', 'create table later (id int)');
    await running.server.sql('postgres', 'select pg_switch_wal()');
    await expect
      .poll(
        async () =>
          (
            await running.server.sql<{ failed: string | null }>(
              'postgres',
              'select last_failed_wal as failed from pg_stat_archiver',
            )
          )[0]?.failed,
        { timeout: 15_000 },
      )
      .not.toBeNull();
    await lookAtLog();
    const { page, signIn } = await browser.newPage();
    await signIn(running.origin, running.admin);
    await page.goto(running.origin);
    const trouble = page.locator('[data-testid="trouble"][data-name="point-in-time"]');
    await trouble.waitFor();
    expect(await trouble.getAttribute('data-status')).toBe('CRITICAL');
    expect(await trouble.innerText()).toContain('archiving fails');
    await trouble.getByRole('link').click();
    await page.waitForSelector('[data-testid="log-verdict"][data-status="CRITICAL"]');

    const other = await browser.newPage();
    await other.signIn(running.origin, running.viewer);
    await other.page.goto(running.origin);
    const seen = other.page.locator('[data-testid="trouble"][data-name="point-in-time"]');
    await seen.waitFor();
    expect(await seen.getByRole('link').count()).toBe(0);
    expect((await other.page.goto(`${running.origin}/restores/instant`))?.status()).toBe(403);
    expect((await other.page.request.get(`${running.origin}/api/v1/admin/log`)).status()).toBe(403);
  });
});
