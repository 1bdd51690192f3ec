import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '#lib/platform/config.ts';
import { readManifestFile } from '#tests/support/broken-backups.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startStandby, type Standby } from '#tests/support/standby.ts';
import { noteOf, takeBackup, verifyBackup } from '#tests/support/verify-backup.ts';

let primary: TestPostgres;
let standby: Standby;
let home: string;
beforeAll(async () => {
  primary = await startPostgres();
  home = mkdtempSync(join(tmpdir(), 'hf-of-standby-'));
  await primary.createDatabase('shop');
  standby = await startStandby(primary);
  await primary.sql(
    'shop',
    `create table items (id bigint generated always as identity primary key, name text not null);
     insert into items (name) select 'item ' || g from generate_series(1, 5000) g;
     create unlogged table carts (id int primary key); insert into carts values (1), (2);`,
  );
  await standby.caughtUp();
});
afterAll(async () => {
  await standby[Symbol.asyncDispose]();
  await primary[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

test('a backup of a standby is proven; the rows that a standby has not are named as such and not guessed', async () => {
  const config = parseConfig({
    PGHOST: '127.0.0.1',
    PGPORT: String(standby.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
    HOLDFAST_DATA_DIR: join(home, 'data'),
    BACKUP_LOCAL_PATH: join(home, 'backups'),
    PATH: process.env['PATH'] ?? '',
  });
  const backup = await takeBackup(config);
  const { facts, snapshot } = readManifestFile(backup);
  expect(snapshot).not.toBeNull();
  const known = facts.tables.map(({ name, rows, unknown }) => ({ name, rows, unknown }));
  expect(known).toEqual([
    { name: 'carts', rows: null, unknown: 'unlogged-on-standby' },
    { name: 'items', rows: 5000, unknown: null },
  ]);

  const verified = await verifyBackup(config, backup, 'restore', {
    recorded: noteOf(backup),
  });
  expect(verified.outcome).toMatchObject({ status: 'PASSED', proven: true, error: null });
  expect(verified.named('FAILED')).toEqual([]);
  expect(verified.checks.find(({ name }) => name === 'rows:public.items')).toMatchObject({
    verdict: 'PASSED',
  });
  expect(verified.checks.find(({ name }) => name === 'rows:public.carts')).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: false,
    reason: 'a standby has no rows of an unlogged table',
  });
});
