import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { readManifestFile } from '#tests/support/broken-backups.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { noteOf, verifyBackup } from '#tests/support/verify-backup.ts';

const folder = fileURLToPath(new URL('../fixtures/golden', import.meta.url));
const archives = readdirSync(folder).filter((name) => /\.dump(\.zst)?(\.age)?$/.test(name));
const named = (label: string) => archives.filter((name) => name.startsWith(label));

let server: TestPostgres;
let home: string;
let config: Config;
beforeAll(async () => {
  server = await startPostgres();
  home = mkdtempSync(join(tmpdir(), 'hf-golden-'));
  config = parseConfig({
    HOLDFAST_DATA_DIR: join(home, 'data'),
    BACKUP_LOCAL_PATH: folder,
    BACKUP_AGE_IDENTITY_FILE: join(folder, 'identity-for-tests-only.txt'),
    // Where the programs of the archives' own major are not installed.
    BACKUP_VERIFY_DATABASE_URL: server.url('postgres').reveal(),
    PATH: process.env['PATH'] ?? '',
  });
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

test('they are all there', () => {
  expect(named('facts-').map((name) => name.replace(/_.*?\./, '.'))).toEqual([
    'facts-age.dump.zst.age',
    'facts-gzip.dump',
    'facts-zstd.dump.zst',
  ]);
  expect(named('binary-')).toHaveLength(1);
  expect(named('names-')).toHaveLength(1);
});

test.each([...named('facts-'), ...named('binary-')])('%s is proven', async (archive) => {
  const backup = { folder, archive };
  expect(readManifestFile(backup).facts.fingerprintVersion).toBe(archive.startsWith('binary-') ? 2 : 1);
  const seen = await verifyBackup(config, backup, 'restore', { recorded: noteOf(backup) });
  expect(seen.named('FAILED')).toEqual([]);
  expect(seen.checks.filter(({ verdict, isRequired }) => verdict === 'UNKNOWN' && isRequired)).toEqual([]);
  if (seen.outcome.place === 'ephemeral') expect(seen.named('UNKNOWN')).toEqual([]);
  expect(seen.outcome).toMatchObject({ status: 'PASSED', proven: true, error: null });
  expect(seen.checks.find(({ name }) => name === 'rows:public.items')).toMatchObject({ found: '122 rows' });
});

test.each(named('names-'))(
  '%s has no facts: fine as far as it goes, and never called proven',
  async (archive) => {
    const backup = { folder, archive };
    const { facts } = readManifestFile(backup);
    expect(facts).toMatchObject({ tableCount: 8, sequences: null, objects: null, roles: null });
    for (const depth of ['bytes', 'archive'] as const) {
      const { outcome } = await verifyBackup(config, backup, depth, { recorded: noteOf(backup) });
      expect(outcome).toMatchObject({ status: 'PASSED', error: null });
    }
    const seen = await verifyBackup(config, backup, 'restore', { recorded: noteOf(backup) });
    expect(seen.named('FAILED')).toEqual([]);
    expect(seen.outcome).toMatchObject({ status: 'UNKNOWN', proven: false });
    expect(seen.outcome.restoreMs).toBeGreaterThan(0);
    expect(seen.outcome.error?.message).toMatch(/^rows:.*: it was not recorded when the backup was made/);
    const rows = seen.checks.filter(({ name }) => name.startsWith('rows:'));
    expect(rows).toHaveLength(facts.tables.length);
    for (const check of rows) {
      expect(check).toMatchObject({
        verdict: 'UNKNOWN',
        isRequired: true,
        reason: 'it was not recorded when the backup was made',
      });
    }
  },
);
