import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { createBackend, type Backend } from '#db/backend.ts';
import type { Actor } from '#lib/core/actor.ts';
import { Secret } from '#lib/core/secret.ts';
import { sealPassword } from '#lib/platform/seal.ts';
import { triggerBackup } from '#lib/services/trigger-backup.ts';
import { backupWhere, isOver, switchProofsOff } from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

const ADMIN: Actor = { kind: 'cli', id: 'test', name: 'test', role: 'admin' };
const SECRET = new Secret('a secret of these tests that nobody else has');

/** Holds the catalogue, the environment's database `shop` and `stock`. */
let near: TestPostgres;
let far: TestPostgres;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;
let backend: Backend;
let worker: Worker;

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
    HOLDFAST_SECRET: SECRET.reveal(),
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
});
afterAll(async () => {
  await worker.stop();
  await backend.close();
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await near[Symbol.asyncDispose]();
  await far[Symbol.asyncDispose]();
});

async function addSource(server: TestPostgres, database: string, user: string, password: string) {
  const id = randomUUID();
  await catalogue.raw`
    insert into sources (id, name, host, port, "user", database, sealed_password, environment, file_prefix)
    values (${id}, ${database}, '127.0.0.1', ${server.port}, ${user}, ${database},
            ${sealPassword(SECRET, id, new Secret(password))}, 'staging', ${`${database}_backup`})`;
  return id;
}

test('a worker backs up a source of another server, signed in with the password that is kept sealed', async () => {
  const sourceId = await addSource(far, 'ledger', 'reader', 'kept password');
  const { id } = await triggerBackup(backend, ADMIN, { sourceId });
  const backup = await backupWhere(catalogue.raw, id, isOver);
  expect(backup).toMatchObject({ status: 'COMPLETED', errorMessage: null });
  expect(backup.filename).toMatch(/^ledger_backup_/);
  const [row] = await catalogue.raw`select source_id, manifest from backups where id = ${id}`;
  expect(row).toMatchObject({
    source_id: sourceId,
    manifest: { source: { database: 'ledger' }, facts: { tables: [{ name: 'of_ledger', rows: 10 }] } },
  });
});
