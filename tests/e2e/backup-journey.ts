import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  BackupDetail,
  BackupHistoryResponse,
  TriggerBackupResponse,
  type BackupRow,
} from '#lib/contracts/backup.ts';
import { Problem } from '#lib/contracts/problem.ts';
import type { TestPage } from '../support/browser.ts';
import type { TestConsole } from '../support/console.ts';

/** "Create Backup Now" to COMPLETED, as a person does it; returns the row. */
export async function takeBackup({ page }: TestPage, note: string): Promise<BackupRow> {
  await page.getByRole('link', { name: 'Backups', exact: true }).first().click();
  await page.waitForURL('**/settings/backup');
  await page.click('[data-testid="create-backup"]');
  await page.fill('[data-testid="backup-note"]', note);
  await page.click('[data-testid="start-backup"]');
  await page.waitForSelector(
    '[data-testid="running-backup"], [data-testid="backup-row"][data-status="COMPLETED"]',
  );
  const row = await page.waitForSelector(
    '[data-testid="backup-row"][data-status="COMPLETED"], [data-testid="backup-row"][data-status="FAILED"]',
    { timeout: 120_000 },
  );
  const id = await row.getAttribute('data-id');
  const response = await page.request.get(new URL('/api/v1/admin/backup/history', page.url()).href);
  const found = BackupHistoryResponse.parse(await response.json()).data.find((each) => each.id === id);
  expect(found).toMatchObject({ status: 'COMPLETED', description: note, type: 'MANUAL' });
  return found!;
}

/** A backup asked for by a program, once it is COMPLETED. */
export async function takeBackupByApi(
  { origin, token }: Pick<TestConsole, 'origin' | 'token'>,
  request: object = {},
): Promise<BackupDetail> {
  const headers = { authorization: `Bearer ${token('admin')}` };
  const api = `${origin}/api/v1/admin/backup`;
  const asked = await fetch(`${api}/trigger`, { method: 'POST', headers, body: JSON.stringify(request) });
  expect(asked.status).toBe(202);
  const { id } = TriggerBackupResponse.parse(await asked.json());
  const look = async () => BackupDetail.parse(await (await fetch(`${api}/${id}`, { headers })).json());
  await expect.poll(async () => (await look()).status, { timeout: 60_000 }).toBe('COMPLETED');
  return look();
}

/** Clicks Download, keeps the file in `folder`, and checks name, size and SHA-256 against the row. */
export async function downloadBackup({ page }: TestPage, row: BackupRow, folder: string): Promise<string> {
  const coming = page.waitForEvent('download', { timeout: 60_000 });
  await page.locator(`[data-testid="backup-row"][data-id="${row.id}"] [data-testid="download"]`).click();
  const download = await coming;
  expect(download.suggestedFilename()).toBe(row.filename);
  const path = join(folder, row.filename);
  await download.saveAs(path);
  const bytes = readFileSync(path);
  expect(bytes.length).toBe(row.size);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(row.checksum);
  return path;
}

/** A backup under 24 hours old stays: the page says why, and the API refuses with 409 `protected`. */
export async function expectDeleteRefused({ page }: TestPage, row: BackupRow): Promise<void> {
  const button = page.locator(`[data-testid="backup-row"][data-id="${row.id}"] [data-testid="delete"]`);
  expect(await button.getAttribute('aria-disabled')).toBe('true');
  const { origin } = new URL(page.url());
  const refused = await page.request.delete(`${origin}/api/v1/admin/backup/${row.id}`, {
    headers: { origin },
  });
  expect(refused.status()).toBe(409);
  expect(Problem.parse(await refused.json())).toMatchObject({ code: 'protected' });
  await page.reload();
  await page.waitForSelector(`[data-testid="backup-row"][data-id="${row.id}"][data-status="COMPLETED"]`);
}
