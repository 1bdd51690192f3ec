import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { createBackend, type Backend } from '#db/backend.ts';
import type { Actor } from '#lib/core/actor.ts';
import { ENVIRONMENT_SOURCE_ID, type SourceCreate } from '#lib/contracts/source.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { Secret } from '#lib/core/secret.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { runRetain } from '#lib/engine/retain.ts';
import { depsOfSource } from '#lib/engine/source-deps.ts';
import { getBackup } from '#lib/services/backups.ts';
import { getRestore, requestRestore } from '#lib/services/restores.ts';
import { createSource, setSourceEnabled, updateSource } from '#lib/services/sources.ts';
import { triggerBackup } from '#lib/services/trigger-backup.ts';
import { requestVerification } from '#lib/services/verifications.ts';
import {
  backupWhere,
  isOver,
  queueBackup,
  seeBackup,
  switchProofsOff,
  verificationWhere,
} from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { eventually } from '#tests/support/worker.ts';
import { planOf, tickSources } from '#worker/scheduler.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

const ADMIN: Actor = { kind: 'cli', id: 'test', name: 'test', role: 'admin' };

/** Holds the catalogue, the environment's database `shop` and `stock`. */
let near: TestPostgres;
let far: TestPostgres;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;
let backend: Backend;
let worker: Worker;
let stock: string;
let ledger: string;

beforeAll(async () => {
  [near, far] = await Promise.all([startPostgres(), startPostgres()]);
  for (const [server, database] of [
    [near, 'shop'],
    [near, 'stock'],
    [far, 'ledger'],
  ] as const) {
    await server.createDatabase(database);
    await server.sql(database, `create table of_${database} as select n from generate_series(1, 10) n`);
  }
  await far.sql('postgres', `create role reader login password 'kept password' in role pg_read_all_data`);
  catalogue = await createCatalogue(near);
  engine = await createEngine(catalogue, {
    HOLDFAST_SECRET: 'a secret of these tests that nobody else has',
    PGHOST: '127.0.0.1',
    PGPORT: String(near.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
    BACKUP_ENABLED: 'false',
    BACKUP_MANUAL_INTERVAL_MINUTES: '0',
  });
  await switchProofsOff(catalogue.raw);
  backend = createBackend(engine.config);
  worker = startWorker(engine.config, { log: engine.log });
  await worker.ready;
  stock = await add(sourceOn(near, 'stock', 'postgres', 'postgres'));
  ledger = await add(sourceOn(far, 'ledger', 'reader', 'kept password'));
});
afterAll(async () => {
  await worker.stop();
  await backend.close();
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await near[Symbol.asyncDispose]();
  await far[Symbol.asyncDispose]();
});

const sourceOn = (server: TestPostgres, database: string, user: string, password: string): SourceCreate => ({
  name: database,
  host: '127.0.0.1',
  port: server.port,
  user,
  database,
  sslMode: null,
  password,
  environment: 'staging',
  filePrefix: `${database}_backup`,
  schedule: null,
  retention: null,
  verification: null,
});
const add = async (source: SourceCreate): Promise<string> => (await createSource(backend, ADMIN, source)).id;

/** Asks for a manual backup, and waits until it is COMPLETED. */
async function backUp(sourceId: string): Promise<string> {
  const { id } = await triggerBackup(backend, ADMIN, { sourceId });
  const backup = await backupWhere(catalogue.raw, id, isOver);
  expect(backup).toMatchObject({ status: 'COMPLETED', errorMessage: null });
  return id;
}

async function databasesOf(server: TestPostgres): Promise<readonly string[]> {
  const rows = await server.sql<{ name: string }>('postgres', 'select datname as name from pg_database');
  return rows.map(({ name }) => name);
}

test.each([
  ['the environment’s own', () => ENVIRONMENT_SOURCE_ID, 'shop', 'ims_backup_'],
  ['another database of its server', () => stock, 'stock', 'stock_backup_'],
  [
    'one of another server, signed in with the password that is kept sealed',
    () => ledger,
    'ledger',
    'ledger_backup_',
  ],
])('a manual backup: %s', async (_, source, database, prefix) => {
  const id = await backUp(source());
  const [row] = await catalogue.raw`select source_id, filename, manifest from backups where id = ${id}`;
  expect(row).toMatchObject({
    source_id: source(),
    filename: expect.stringMatching(`^${prefix}`) as string,
    manifest: { source: { database }, facts: { tables: [{ name: `of_${database}`, rows: 10 }] } },
  });
  const audited = await catalogue.raw`
    select action from audit_entries where subject_id = ${id} and details ->> 'sourceId' = ${source()} order by id`;
  expect(audited.map(({ action }) => action as string)).toEqual(['backup.create', 'backup.complete']);
});

test('a scheduled backup is taken of the source whose slot has come, proven by its own policy, and not while it is disabled', async () => {
  const due = new Date(Date.now() - 60_000);
  const schedule = {
    isEnabled: true,
    cron: `${String(due.getUTCMinutes())} ${String(due.getUTCHours())} * * *`,
    timeZone: 'UTC',
  };
  const kept = { ...sourceOn(far, 'ledger', 'reader', ''), password: undefined };
  await updateSource(backend, ADMIN, ledger, {
    ...kept,
    schedule,
    verification: { ...DEFAULT_VERIFICATION_POLICY, restore: 'after-each' },
  });
  const settleYesterday = () => catalogue.raw`
    insert into slots (plan, due_at) values (${planOf(schedule, ledger)}, now() - interval '1 day') on conflict do nothing`;
  const scheduled = () => catalogue.raw<{ id: string; source_id: string }[]>`
    select id, source_id from backups where type = 'DAILY' order by created_at`;

  await setSourceEnabled(backend, ADMIN, ledger, false);
  await catalogue.raw`delete from slots`;
  await settleYesterday();
  await tickSources(engine);
  expect(await scheduled()).toEqual([]);

  await setSourceEnabled(backend, ADMIN, ledger, true);
  await catalogue.raw`delete from slots`;
  await settleYesterday();
  await tickSources(engine);
  const [row, ...more] = await scheduled();
  expect(more).toEqual([]);
  expect(row?.source_id).toBe(ledger);
  const id = row?.id ?? '';
  expect(await backupWhere(catalogue.raw, id, isOver)).toMatchObject({ status: 'COMPLETED' });
  await eventually(
    async () => (await getBackup(backend, id)).proof.state === 'PROVEN',
    () => 'not proven',
  );
  const proofs = await catalogue.raw`select backup_id, cause from verifications`;
  expect(proofs, 'the others follow the settings, which say off').toEqual([
    { backup_id: id, cause: 'after-backup' },
  ]);
});

test('a worker without the secret, or with another one, fails the backup and says what to do; nothing is written', async () => {
  for (const secret of [null, new Secret('another secret of these tests, as long as it')]) {
    const id = await queueBackup(engine, { isJobLost: true, sourceId: ledger });
    const config = { ...engine.config, secret };
    const { signal } = new AbortController();
    expect(await runBackup({ ...engine, config }, id, { run: signal, turn: signal })).toBe('failed');
    expect(await seeBackup(catalogue.raw, id)).toMatchObject({
      status: 'FAILED',
      errorCode: 'config',
      errorMessage: expect.stringContaining('HOLDFAST_SECRET') as string,
      errorHint: expect.stringContaining('console and worker') as string,
      copies: [],
    });
  }
});

test('a backup of a source that follows the settings is proven when a person asks', async () => {
  const id = await backUp(stock);
  const asked = await requestVerification(backend, ADMIN, id, { depth: 'restore' });
  const seen = await verificationWhere(catalogue.raw, asked.id, ({ status }) => status !== 'IN_PROGRESS');
  expect(seen, JSON.stringify(seen.errorMessage)).toMatchObject({ status: 'PASSED', proven: true });
});

test('a restore goes to the server of its backup, and what has one name on two servers does not meet', async () => {
  await updateSource(backend, ADMIN, ledger, sourceOn(far, 'ledger', 'postgres', 'postgres'));
  const ended = (id: string) =>
    eventually(
      async () => {
        const restore = await getRestore(backend, id);
        return restore.status !== 'IN_PROGRESS' && restore;
      },
      () => id,
    );
  const request = { confirm: 'again', reason: 'to look at', mode: 'new', targetDatabase: 'again' } as const;
  const rest = { schemaOnly: false, dataOnly: false, noOwner: false, pauseBeforeSwap: false, hooks: [] };
  const ask = (backupId: string) => requestRestore(backend, ADMIN, backupId, { ...request, ...rest });
  const ofLedger = await backUp(ledger);
  const ofShop = await backUp(ENVIRONMENT_SOURCE_ID);

  const first = await ended((await ask(ofLedger)).id);
  expect(first).toMatchObject({
    status: 'COMPLETED',
    proven: true,
    sourceId: ledger,
    environment: 'staging',
  });
  expect(await databasesOf(far)).toContain('again');
  expect(await databasesOf(near)).not.toContain('again');
  expect(await far.sql('again', 'select count(*)::int as n from of_ledger')).toEqual([{ n: 10 }]);

  const second = await ended((await ask(ofShop)).id);
  expect(second).toMatchObject({
    status: 'COMPLETED',
    sourceId: ENVIRONMENT_SOURCE_ID,
    environment: 'production',
  });
  expect(await near.sql('again', 'select count(*)::int as n from of_shop')).toEqual([{ n: 10 }]);

  await catalogue.raw`
    insert into restores (backup_id, source_id, destination, mode, target_database, environment, plan, requested_by)
    values (${ofShop}, ${ENVIRONMENT_SOURCE_ID}, 'local', 'new', 'busy', 'production', '{}', 'test')`;
  await catalogue.raw`update restores set phase = 'ready' where target_database = 'busy'`;
  const busy = { ...request, ...rest, confirm: 'busy', targetDatabase: 'busy' };
  await expect(
    requestRestore(backend, ADMIN, await backUp(stock), busy),
    'another source of the same server',
  ).rejects.toMatchObject({ code: 'locked' });
  expect(await requestRestore(backend, ADMIN, ofLedger, busy)).toMatchObject({ status: 'IN_PROGRESS' });
  await catalogue.raw`delete from restores where target_database = 'busy' and source_id = ${ENVIRONMENT_SOURCE_ID}`;
});

test('retention counts each source by itself, disabled ones too, and never takes the newest of one', async () => {
  const kept = { ...sourceOn(near, 'stock', 'postgres', ''), password: undefined };
  await updateSource(backend, ADMIN, stock, { ...kept, retention: { daily: 1, weekly: 0, monthly: 0 } });
  await setSourceEnabled(backend, ADMIN, stock, false);
  const old = async (source: string, name: string, days: number): Promise<string> => {
    const [row] = await catalogue.raw<{ id: string }[]>`
      insert into backups (source_id, filename, type, tiers, destinations, status, created_at)
      values (${source}, ${name}, 'DAILY', '{DAILY}', '{local}', 'COMPLETED', now() - make_interval(days => ${days}))
      returning id`;
    return row?.id ?? '';
  };
  await catalogue.raw`update backups set status = 'DELETED' where source_id = ${stock}`;
  const ofStock = [
    await old(stock, 's3.dump', 3),
    await old(stock, 's4.dump', 4),
    await old(stock, 's5.dump', 5),
  ];
  const ofShop = [
    await old(ENVIRONMENT_SOURCE_ID, 'e3.dump', 3),
    await old(ENVIRONMENT_SOURCE_ID, 'e4.dump', 4),
  ];
  expect(await runRetain(await depsOfSource(engine, stock))).toBe(2);
  const statusOf = async (ids: readonly string[]) => {
    const rows = await catalogue.raw<{ id: string; isKept: boolean }[]>`
      select id, status = 'COMPLETED' as "isKept" from backups where id = any(${[...ids]})`;
    return ids.map((id) => rows.find((row) => row.id === id)?.isKept);
  };
  expect(await statusOf(ofStock), 'the newest of stock, older than anything of the others').toEqual([
    true,
    false,
    false,
  ]);
  expect(await runRetain(engine)).toBe(0);
  expect(await statusOf(ofShop)).toEqual([true, true]);
  expect(await statusOf(ofStock)).toEqual([true, false, false]);
});

test('the backups of a disabled source are still verified and restored', async () => {
  await setSourceEnabled(backend, ADMIN, ledger, false);
  await expect(triggerBackup(backend, ADMIN, { sourceId: ledger })).rejects.toMatchObject({
    code: 'conflict',
  });
  const [row] = await catalogue.raw<{ id: string }[]>`
    select id from backups where source_id = ${ledger} and status = 'COMPLETED' order by created_at limit 1`;
  const id = row?.id ?? '';
  const asked = await requestVerification(backend, ADMIN, id, { depth: 'bytes' });
  expect(
    await verificationWhere(catalogue.raw, asked.id, ({ status }) => status !== 'IN_PROGRESS'),
  ).toMatchObject({ status: 'PASSED' });
  const plan = { mode: 'new', targetDatabase: 'once_more', schemaOnly: false, dataOnly: false } as const;
  const rest = { noOwner: false, pauseBeforeSwap: false, hooks: [], confirm: 'once_more', reason: '' };
  await requestRestore(backend, ADMIN, id, { ...plan, ...rest });
  await eventually(
    async () => (await databasesOf(far)).includes('once_more'),
    () => 'not restored',
  );
});
