import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFailed } from 'vitest';
import { BackupHistoryResponse } from '#lib/contracts/backup.ts';
import { Secret } from '#lib/core/secret.ts';
import { openBrowser } from '../support/browser.ts';
import { countRows } from '../support/console.ts';
import { startLogged, type LoggedProcess } from '../support/logged-process.ts';
import { outerPath } from '../support/outer-path.ts';
import { freePort, startPostgres } from '../support/postgres.ts';
import { restoreArchive } from '../support/restore-archive.ts';
import { copyTree } from '../support/tree-copy.ts';
import { downloadBackup, expectDeleteRefused, takeBackup } from './backup-journey.ts';

/** Processes whose working folder lies in this one. */
const processesIn = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isInside = readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
        return isInside ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')] : [];
      } catch {
        return [];
      }
    });

it('leads from npm run quickstart to a restored copy with the same rows, and keeps everything over a restart', async () => {
  using tree = copyTree();
  const folder = mkdtempSync(join(tmpdir(), 'hf-main-job-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const port = await freePort();
  const origin = `http://127.0.0.1:${String(port)}`;
  let quickstart: LoggedProcess | undefined;
  onTestFailed(() => {
    process.stderr.write(`quickstart printed:\n${quickstart?.log() ?? 'nothing'}\n`);
  });
  const start = (): LoggedProcess => {
    const started = startLogged(['npm', 'run', 'quickstart'], {
      cwd: tree.root,
      // Nothing of this test's environment but what every shell has.
      env: { PATH: outerPath(), HOME: process.env['HOME'], PORT: String(port) },
    });
    quickstart = started;
    stack.defer(async () => {
      await started.stop(60_000);
    });
    return started;
  };

  const first = start();
  await first.until(/Holdfast is ready: (http:\S+)/, 420_000);
  const [, email = '', password = ''] =
    /first administrator: (\S+) with the password (\S+)/.exec(first.log()) ?? [];
  expect(email).toContain('@');

  await using browser = await openBrowser();
  const tab = await browser.newPage();
  await tab.page.goto(`${origin}/settings/backup`);
  expect(new URL(tab.page.url()).pathname).toBe('/login');
  await tab.signIn(origin, { email, password });
  const row = await takeBackup(tab, 'before the upgrade');
  await tab.picture('main-job-completed');
  expect(row.filename).toMatch(/^ims_backup_\d{4}-\d\d-\d\d_\d\d-\d\d\.dump\.zst$/);
  // Nobody asks for it: the worker restores what it has just backed up, and compares.
  await tab.page.goto(origin);
  await tab.page.waitForSelector('[data-testid="verdict"][data-proven="true"]', { timeout: 180_000 });
  expect(await tab.page.locator('#verdict-sentence').innerText()).toMatch(/^Last proven restore point: /);
  await tab.picture('main-job-proven');
  await tab.page.goto(`${origin}/settings/backup`);
  const archive = await downloadBackup(tab, row, folder);

  const kept = Object.fromEntries(
    readFileSync(join(tree.root, '.holdfast/env'), 'utf8')
      .split('\n')
      .map((line) => /^(\w+)=["']?(.*?)["']?$/.exec(line))
      .flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])),
  ) as Record<string, string>;
  const source = new Secret(
    `postgres://${kept['PGUSER'] ?? ''}:${kept['PGPASSWORD'] ?? ''}@${kept['PGHOST'] ?? ''}:${kept['PGPORT'] ?? ''}/${kept['PGDATABASE'] ?? ''}`,
  );
  await using server = await startPostgres();
  const target = await server.createDatabase('restored');
  await restoreArchive(archive, target);
  const expected = await countRows(source);
  expect(Object.values(expected).reduce((sum, rows) => sum + rows, 0)).toBeGreaterThanOrEqual(300_000);
  expect(await countRows(target)).toEqual(expected);

  await expectDeleteRefused(tab, row);
  expect(tab.complaints()).toEqual([]);

  expect(await first.stop(60_000)).toBe(0);
  expect(processesIn(tree.root)).toEqual([]);

  const startedAt = performance.now();
  const second = start();
  await second.until(/Holdfast is ready/, 60_000);
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  expect(second.log()).not.toContain('with the password');
  // The session outlives the restart, because the secret was kept.
  const history = await tab.page.request.get(`${origin}/api/v1/admin/backup/history`);
  expect(BackupHistoryResponse.parse(await history.json()).data).toEqual([
    expect.objectContaining({ id: row.id, status: 'COMPLETED', checksum: row.checksum }),
  ]);
  expect(await second.stop(60_000)).toBe(0);
}, 600_000);
