import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Installation } from '#lib/contracts/settings.ts';
import { restoreSteps, type RestorableBackup } from '#lib/client/restore-steps.ts';
import { postgresBinDir, startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const run = promisify(execFile);
/** Capitals, a space and both quotes: what a name may hold that a shell and SQL take for their own. */
const DATABASE = `Odd "ims"'s db`;
const TABLES = 3;

let server: TestPostgres;
let folder: string;
let key: string;
const environment = () => ({
  ...process.env,
  PATH: `${postgresBinDir()}:${process.env['PATH'] ?? ''}`,
  PGPASSWORD: 'postgres',
});
const shell = (command: string) =>
  run('bash', ['-ec', command], { cwd: join(folder, 'work'), env: environment() });

/** By psql: postgres.js takes the escapes of an odd name in an address literally. */
const query = async (database: string, sql: string): Promise<string> => {
  const { stdout } = await run(
    'psql',
    ['--no-psqlrc', '--quiet', '-At', '-v', 'ON_ERROR_STOP=1', '-c', sql],
    {
      env: {
        ...environment(),
        PGHOST: '127.0.0.1',
        PGPORT: String(server.port),
        PGUSER: 'postgres',
        PGDATABASE: database,
      },
    },
  );
  return stdout.trim();
};

const installation = (): Installation => ({
  source: { host: '127.0.0.1', port: server.port, user: 'postgres', database: DATABASE },
  storage: 'local',
  localPath: join(folder, 'kept in here'),
  s3: null,
  compression: 'zstd',
  isEncrypted: true,
  schedule: { isEnabled: true, cron: '0 1 * * *', timeZone: 'UTC' },
  retention: { daily: 7, weekly: 4, monthly: 12 },
  manualIntervalMinutes: 60,
  verification: { hasIdentity: false, hasServer: false, mayUseSource: false },
  hooks: { before: [], after: [] },
});

beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'hf-steps-'));
  await run('mkdir', [join(folder, 'work'), join(folder, 'kept in here')]);
  const keygen = await run('age-keygen', []);
  writeFileSync(join(folder, 'work/key.txt'), keygen.stdout);
  key = /age1[0-9a-z]+/.exec(keygen.stdout + keygen.stderr)?.[0] ?? '';
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const source: RestorableBackup['source'] = {
  kind: 'postgres',
  place: '',
  database: DATABASE,
  address: null,
};
const makeBackup = async (filename: string, pipeline: string): Promise<RestorableBackup> => {
  const path = join(folder, 'kept in here', filename);
  await run('bash', ['-ec', `set -o pipefail; pg_dump --format=custom -Z0 ${pipeline} > "$TARGET"`], {
    cwd: folder,
    env: {
      ...environment(),
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGDATABASE: DATABASE,
      TARGET: path,
      RECIPIENT: key,
    },
  });
  return {
    filename,
    checksum: createHash('sha256').update(readFileSync(path)).digest('hex'),
    tableCount: TABLES,
    options: { tables: null, schemaOnly: false },
    source,
    copies: [{ destination: 'local', key: filename, status: 'STORED', sizeBytes: 1, checkedAt: null }],
  };
};

describe('the restore instructions of the console', () => {
  test.each([
    ['plain_2026-11-21_01-00.dump', ''],
    ['packed_2026-11-21_01-00.dump.zst', '| zstd -3'],
    ['zipped_2026-11-21_01-00.dump.gz', '| gzip'],
    ['sealed_2026-11-21_01-00.dump.zst.age', '| zstd -3 | age --encrypt --recipient "$RECIPIENT"'],
  ])('bring %s back when each command is typed as printed', async (filename, pipeline) => {
    await server.sql('postgres', `drop database if exists "${DATABASE.replaceAll('"', '""')}"`);
    await server.createDatabase(DATABASE);
    await query(
      DATABASE,
      `create schema sales; create table items (id int primary key, name text);
       create table sales.orders (id int, item_id int references items) partition by range (id);
       create table sales.orders_1 partition of sales.orders for values from (0) to (1000000);
       insert into items select i, 'item ' || i from generate_series(1, 500) i;
       insert into sales.orders select i, i from generate_series(1, 500) i`,
    );
    const backup = await makeBackup(filename, pipeline);
    await query(DATABASE, 'drop table sales.orders; delete from items where id > 10');

    for (const step of restoreSteps(installation(), backup, null)) {
      if (step.command === null) continue;
      const { stdout } = await shell(step.command);
      if (step.title === 'Check that it is whole') expect(stdout).toContain('OK');
      if (step.title === 'Compare') expect(stdout.trim()).toBe(String(TABLES));
    }
    const counts = 'select (select count(*) from items), (select count(*) from sales.orders)';
    expect(await query(DATABASE, counts)).toBe('500|500');
    const before = `${DATABASE}_before_restore`;
    expect(await query(before, 'select count(*) from items')).toBe('10');
    await server.sql('postgres', `drop database "${before.replaceAll('"', '""')}"`);
  });

  test('stop at a damaged archive', async () => {
    await server.sql('postgres', `drop database if exists "${DATABASE.replaceAll('"', '""')}"`);
    await server.createDatabase(DATABASE);
    const filename = 'damaged_2026-11-21_01-00.dump.zst';
    const backup = await makeBackup(filename, '| zstd -3');
    const path = join(folder, 'kept in here', filename);
    writeFileSync(path, readFileSync(path).subarray(0, -7));
    const [copy, check] = restoreSteps(installation(), backup, null);
    await shell(copy?.command ?? '');
    await expect(shell(check?.command ?? '')).rejects.toThrow();
  });

  test('never offer to swap in a backup that holds only a part', () => {
    const part: RestorableBackup = {
      filename: 'x.dump.zst',
      checksum: 'a'.repeat(64),
      tableCount: 1,
      options: { tables: ['items'], schemaOnly: false },
      source,
      copies: [],
    };
    const steps = restoreSteps(installation(), part, null);
    expect(steps.some(({ command }) => command?.includes('alter database') === true)).toBe(false);
    expect(steps[0]?.title).toBe('Download the archive');
  });
});
