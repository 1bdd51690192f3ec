import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackend } from '#db/backend.ts';
import type { Destination } from '#lib/contracts/backup.ts';
import { RestoreRequest } from '#lib/contracts/restore.ts';
import type { SourceCreate } from '#lib/contracts/source.ts';
import { deleteBackup } from '#lib/services/backups.ts';
import { listHistory } from '#lib/services/history.ts';
import { getRestore, requestRestore } from '#lib/services/restores.ts';
import { createSource } from '#lib/services/sources.ts';
import { CLI } from '#tests/support/api.ts';
import {
  backupWhere,
  isOver,
  queueBackup,
  queueVerification,
  switchProofsOff,
  verificationWhere,
} from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startS3, type TestS3 } from '#tests/support/s3.ts';
import { ROOT } from '#tests/support/temporary-tree.ts';
import { eventually, startWorkerProcess } from '#tests/support/worker.ts';

let server: TestPostgres;
let s3: TestS3;
let folder: string;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  [server, s3] = await Promise.all([startPostgres(), startS3()]);
  folder = mkdtempSync(join(tmpdir(), 'hf-lost-'));
  await server.createDatabase('shop');
  await server.sql(
    'shop',
    `create table items (id int primary key, name text);
     insert into items select i, 'item ' || i from generate_series(1, 500) i;
     create table notes (id int primary key)`,
  );
  const ledger = new DatabaseSync(join(folder, 'ledger.db'));
  ledger.exec('create table entries (id integer primary key); insert into entries values (1), (2), (3)');
  ledger.close();
  environment = {
    HOLDFAST_SECRET: 'a secret of these tests that nobody else has',
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
    BACKUP_ENABLED: 'false',
    BACKUP_LOCAL_PATH: join(folder, 'backups'),
    BACKUP_S3_BUCKET: await s3.createBucket('lost'),
    BACKUP_S3_ENDPOINT: s3.endpoint,
    BACKUP_S3_ACCESS_KEY: s3.accessKey,
    BACKUP_S3_SECRET_KEY: s3.secretKey.reveal(),
  };
});
afterAll(async () => {
  await Promise.all([server[Symbol.asyncDispose](), s3.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A new installation over an empty catalogue: its source of files has to be added again, as a person would. */
async function install() {
  const catalogue = await createCatalogue(server);
  await switchProofsOff(catalogue.raw);
  const engine = await createEngine(catalogue, environment);
  const backend = createBackend(engine.config);
  const ledger = {
    kind: 'sqlite',
    path: join(folder, 'ledger.db'),
    name: 'ledger',
    environment: 'staging',
    filePrefix: 'ledger_backup',
    schedule: null,
    retention: null,
    verification: null,
  } satisfies SourceCreate;
  const { id } = await createSource(backend, CLI, ledger);
  return {
    catalogue,
    engine,
    backend,
    ledger: id,
    close: async () => {
      await backend.close();
      await engine[Symbol.asyncDispose]();
      await catalogue.close();
    },
  };
}

const run = (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const options = { cwd: ROOT, env: { NODE_ENV: 'test' as const, PATH: process.env['PATH'], ...env } };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

/** All that the manifests know of the history, whatever the sources' ids are. */
async function knownOf(sql: postgres.Sql) {
  const backups = await sql`
    select b.id, s.name as source, b.filename, b.size_bytes::float, b.checksum, b.plain_size_bytes::float, b.plain_checksum,
           b.type, b.tiers::text, b.destinations::text, b.storage_path, b.status, b.table_count, b.error_code, b.description,
           b.tables, b.schema_only, b.is_encrypted, date_trunc('milliseconds', b.started_at) as taken_at, b.manifest
      from backups b join sources s on s.id = b.source_id where b.status = 'COMPLETED' order by b.id`;
  const copies = await sql`
    select backup_id, destination, key, status, size_bytes::float from backup_copies
     where status = 'STORED' order by backup_id, destination`;
  const tables = await sql`
    select t.backup_id, t.schema, t.name, t.rows::float, t.fingerprint, t.size_bytes::float, date_trunc('milliseconds', t.taken_at)
      from backup_tables t join backups b on b.id = t.backup_id
     where b.status = 'COMPLETED' order by t.backup_id, t.schema, t.name`;
  const totals = await sql`
    select period, starts_on, tiers::text, status, sum(backups)::int as backups, sum(size_bytes)::float as bytes
      from backup_totals where status = 'COMPLETED' group by 1, 2, 3, 4 having sum(backups) <> 0 order by 1, 2, 3`;
  return { backups: [...backups], copies: [...copies], tables: [...tables], totals: [...totals] };
}

test('a catalogue that is lost comes back from the manifests, and what it tells can be proven and restored', async () => {
  const before = await install();
  const ids: string[] = [];
  let lost: Awaited<ReturnType<typeof knownOf>>;
  {
    await using worker = startWorkerProcess(before.engine.environment);
    await worker.until('worker is ready');
    const take = async (destinations: Destination[], sourceId?: string): Promise<string> => {
      const more = sourceId === undefined ? {} : { sourceId };
      const id = await queueBackup(before.engine, { destinations, tiers: ['DAILY', 'WEEKLY'], ...more });
      const backup = await backupWhere(before.catalogue.raw, id, isOver, worker.log);
      expect(backup, worker.log()).toMatchObject({ status: 'COMPLETED' });
      return id;
    };
    ids.push(await take(['local']));
    ids.push(await take(['local', 's3']));
    ids.push(await take(['local', 's3'], before.ledger));
    ids.push(await take(['s3']));
    // What was deleted has no files any more, and does not come back.
    const deleted = await take(['local', 's3']);
    // Only older ones may be deleted.
    const [row] = await before.catalogue.raw<{ filename: string }[]>`
      update backups set created_at = now() - interval '2 days' where id = ${deleted} returning filename`;
    await deleteBackup(before.backend, CLI, deleted, row?.filename ?? '');
    await backupWhere(before.catalogue.raw, deleted, ({ status }) => status === 'DELETED', worker.log);
    lost = await knownOf(before.catalogue.raw);
    expect(lost.backups.map((backup) => backup['id'] as string)).toEqual(ids.toSorted());
  }
  await before.close();
  await server.sql('postgres', 'drop database holdfast with (force)');

  const address = server.url('holdfast').reveal();
  const env = {
    ...environment,
    DATABASE_URL: address,
    BACKUP_TIMEZONE: 'UTC',
    HOLDFAST_DATA_DIR: join(folder, 'data'),
  };
  const script = await run('scripts/backup.sh', [], env);
  expect(script).toMatchObject({ code: 0 });
  expect(script.stderr).toContain(
    'could not be recorded in the catalogue; once it is back, npm run holdfast -- rebuild',
  );

  const after = await install();
  try {
    const rebuilt = await run(process.execPath, ['scripts/cli.ts', 'rebuild', '--json'], env);
    expect(rebuilt, rebuilt.stderr).toMatchObject({ code: 0 });
    const told = JSON.parse(rebuilt.stdout) as { recorded: { backupId: string }[] };
    expect(told).toMatchObject({ archives: 7, known: 0, refusedCount: 0, unreachable: [] });
    const recorded = told.recorded.map(({ backupId }) => backupId);
    const scripted = recorded.find((id) => !ids.includes(id)) ?? '';
    expect(recorded.toSorted()).toEqual([...ids, scripted].toSorted());

    const { data } = await listHistory(after.backend, {
      page: 1,
      limit: 20,
      sort: 'createdAt',
      order: 'desc',
    });
    expect(data.map(({ id }) => id).toSorted()).toEqual(recorded.toSorted());
    expect(data.find(({ id }) => id === scripted)).toMatchObject({ status: 'COMPLETED', sourceName: 'shop' });
    const found = await knownOf(after.catalogue.raw);
    const ofOld = (rows: readonly object[], key: string) =>
      rows.filter((row) => (row as Record<string, unknown>)[key] !== scripted);
    expect(ofOld(found.backups, 'id')).toEqual(lost.backups);
    expect(ofOld(found.copies, 'backup_id')).toEqual(lost.copies);
    expect(ofOld(found.tables, 'backup_id')).toEqual(lost.tables);
    expect(found.totals.reduce((sum, row) => sum + Number(row['backups']), 0)).toBe(2 * recorded.length);
    const again = await run(process.execPath, ['scripts/cli.ts', 'rebuild'], env);
    expect(again).toMatchObject({ code: 0, stdout: '7 manifests found, 7 known; recorded 0 backups\n' });

    await using worker = startWorkerProcess(after.engine.environment);
    await worker.until('worker is ready');
    for (const [id, destination] of [
      [ids[1] ?? '', 's3'],
      [ids[2] ?? '', 'local'],
      [scripted, 'local'],
    ] as const) {
      const verification = await queueVerification(after.engine, id, 'restore', { destination });
      const proof = await verificationWhere(
        after.catalogue.raw,
        verification,
        ({ status }) => status !== 'IN_PROGRESS',
        worker.log,
      );
      expect(proof, worker.log()).toMatchObject({ status: 'PASSED', proven: true });
    }
    const request = RestoreRequest.parse({
      mode: 'new',
      targetDatabase: 'shop_back',
      confirm: 'shop_back',
      reason: 'the catalogue was lost',
    });
    const restore = await requestRestore(after.backend, CLI, ids[3] ?? '', request);
    await eventually(
      async () => {
        const { status } = await getRestore(after.backend, restore.id);
        return status !== 'IN_PROGRESS' && status;
      },
      worker.log,
      90_000,
    );
    expect(await getRestore(after.backend, restore.id), worker.log()).toMatchObject({ status: 'COMPLETED' });
    expect(await server.sql('shop_back', 'select count(*)::int as rows, sum(id)::int from items')).toEqual([
      { rows: 500, sum: 125_250 },
    ]);
  } finally {
    await after.close();
  }
}, 240_000);
