import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import type { Secret } from '#lib/core/secret.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { runRecover } from '#lib/engine/recover.ts';
import { runVerify } from '#lib/engine/verify.ts';
import { requestVerificationCancel } from '#db/queries/verification.ts';
import {
  queueBackup,
  queueVerification,
  seeBackup,
  seeVerification,
  verificationWhere,
} from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { eventually, startWorkerProcess } from '#tests/support/worker.ts';
import { tickVerifications } from '#worker/scheduler.ts';

let server: TestPostgres;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;
let backupId: string;

beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('ims_db');
  await server.sql(
    'ims_db',
    `create table items (id int primary key, name text not null);
     insert into items select i, md5(i::text) from generate_series(1, 20000) i;
     create table bins (id int primary key, item int references items);
     insert into bins select i, i from generate_series(1, 500) i;`,
  );
  catalogue = await createCatalogue(server);
  engine = await createEngine(catalogue, {
    PATH: process.env['PATH'] ?? '',
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'ims_db',
    BACKUP_ENABLED: 'false',
  });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await server[Symbol.asyncDispose]();
});
const never = () => new AbortController().signal;
beforeEach(async () => {
  backupId = await queueBackup(engine, { tiers: ['DAILY'], isJobLost: true });
  expect(await runBackup(engine, backupId, { run: never(), turn: never() })).toBe('completed');
});
afterEach(async () => {
  await catalogue.raw`truncate backups, workers cascade`;
  await catalogue.raw`delete from pgboss.job`;
});

/** The one that came with the backup. */
const askedFor = async (): Promise<string> => {
  const [row] = await catalogue.raw<{ id: string }[]>`
    select id from verifications where backup_id = ${backupId} and status = 'IN_PROGRESS'`;
  return row!.id;
};
/** Nothing asked for by itself: the test asks. */
const forget = async (): Promise<void> => {
  await catalogue.raw`delete from verifications`;
  await catalogue.raw`delete from pgboss.job`;
};
const jobs = async () =>
  (
    await catalogue.raw`
      select data->>'verificationId' as id from pgboss.job where name = 'verify' and state < 'completed'`
  ).map((row) => row['id'] as string);
const proof = async () =>
  (await catalogue.raw`select proof from backups where id = ${backupId}`)[0]?.['proof'] as string;
const actions = async () =>
  (await catalogue.raw`select action from audit_entries where subject_id = ${backupId} order by id`).map(
    (row) => row['action'] as string,
  );
const left = () => {
  try {
    return readdirSync(engine.config.verify.dir);
  } catch {
    return [];
  }
};

test('a backup completes with its tables noted and its proof asked for; the proof is had, and said everywhere', async () => {
  const noted = await catalogue.raw`
    select schema, name, rows::int, fingerprint is not null as printed from backup_tables order by name`;
  expect([...noted]).toEqual([
    { schema: 'public', name: 'bins', rows: 500, printed: true },
    { schema: 'public', name: 'items', rows: 20000, printed: true },
  ]);
  const id = await askedFor();
  expect(await jobs()).toEqual([id]);
  expect(await runVerify(engine, id, never())).toBe('ended');
  const seen = await seeVerification(catalogue.raw, id);
  expect(seen.checks.filter(({ verdict }) => verdict !== 'PASSED')).toEqual([]);
  expect(seen).toMatchObject({ status: 'PASSED', proven: true, errorCode: null });
  expect(seen.log).toContain('passed');
  expect(await proof()).toBe('PROVEN');
  expect(await actions()).toEqual(['backup.complete', 'verification.start', 'verification.complete']);
  expect(
    await catalogue.raw`
      select distinct details ->> 'sourceId' as "sourceId" from audit_entries where action like 'verification.%'`,
  ).toEqual([{ sourceId: ENVIRONMENT_SOURCE_ID }]);
  expect(left()).toEqual([]);
  // A second delivery of the same job does nothing.
  expect(await runVerify(engine, id, never())).toBe('gone');
});

test('damage is found and marks the backup; a pass as deep takes the mark away', async () => {
  await forget();
  const { filename } = await seeBackup(catalogue.raw, backupId);
  const file = join(engine.config.localPath, filename);
  copyFileSync(file, `${file}.good`);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  const failed = await queueVerification(engine, backupId, 'bytes');
  await runVerify(engine, failed, never());
  expect(await seeVerification(catalogue.raw, failed)).toMatchObject({
    status: 'FAILED',
    proven: false,
    errorCode: 'integrity',
  });
  expect(await proof()).toBe('FAILED');
  expect((await actions()).at(-1)).toBe('verification.fail');
  copyFileSync(`${file}.good`, file);
  await runVerify(engine, await queueVerification(engine, backupId, 'bytes'), never());
  expect(await proof()).toBe('NEVER');
});

test('it waits while a backup is queued or runs, can be cancelled meanwhile, and then takes its turn', async () => {
  await forget();
  const backup = await queueBackup(engine, { isJobLost: true });
  const id = await queueVerification(engine, backupId, 'bytes');
  const run = runVerify(engine, id, never());
  await engine.clock.sleep(1500);
  expect(await seeVerification(catalogue.raw, id)).toMatchObject({ workerId: null, phase: 'queued' });
  await catalogue.raw`update backups set status = 'FAILED' where id = ${backup}`;
  expect(await run).toBe('ended');
  expect((await seeVerification(catalogue.raw, id)).status).toBe('PASSED');

  await catalogue.raw`update backups set status = 'IN_PROGRESS' where id = ${backup}`;
  const cancelled = await queueVerification(engine, backupId, 'bytes');
  const waiting = runVerify(engine, cancelled, never());
  await catalogue.db.transaction((tx) => requestVerificationCancel(tx, cancelled, 'somebody'));
  expect(await waiting).toBe('ended');
  expect(await seeVerification(catalogue.raw, cancelled)).toMatchObject({
    status: 'UNKNOWN',
    errorCode: 'cancelled',
    errorMessage: 'cancelled by somebody',
  });
});

test('two workers: one verifies, the other finds it taken', async () => {
  await forget();
  const id = await queueVerification(engine, backupId, 'bytes');
  const ends = await Promise.all([
    runVerify(engine, id, never()),
    runVerify({ ...engine, workerId: crypto.randomUUID() }, id, never()),
  ]);
  expect(ends.sort()).toEqual(['ended', 'gone']);
});

test('cancelled, or its backup deleted, in mid-run: it stops, UNKNOWN, marks nothing and leaves nothing', async () => {
  const running = async (id: string): Promise<void> => {
    await verificationWhere(catalogue.raw, id, ({ workerId }) => workerId !== null);
  };
  const first = await askedFor();
  let run = runVerify(engine, first, never());
  await running(first);
  await catalogue.db.transaction((tx) => requestVerificationCancel(tx, first, 'somebody'));
  expect(await run).toBe('ended');
  expect(await seeVerification(catalogue.raw, first)).toMatchObject({
    status: 'UNKNOWN',
    errorCode: 'cancelled',
  });

  const second = await queueVerification(engine, backupId, 'restore');
  run = runVerify(engine, second, never());
  await running(second);
  await catalogue.raw`update backups set status = 'EXPIRED' where id = ${backupId}`;
  expect(await run).toBe('ended');
  expect(await seeVerification(catalogue.raw, second)).toMatchObject({
    status: 'UNKNOWN',
    errorCode: 'conflict',
  });
  expect(await proof()).toBe('NEVER');
  expect(left()).toEqual([]);
});

test('a stopping worker ends it at once; it waits with a new job, and another worker takes it', async () => {
  await forget();
  const id = await queueVerification(engine, backupId, 'archive', { isJobLost: true });
  const stop = new AbortController();
  const run = runVerify(engine, id, stop.signal);
  await verificationWhere(catalogue.raw, id, ({ workerId }) => workerId !== null);
  stop.abort(new Error('stopping'));
  expect(await run).toBe('released');
  expect(await seeVerification(catalogue.raw, id)).toMatchObject({
    status: 'IN_PROGRESS',
    phase: 'queued',
    workerId: null,
    checks: [],
  });
  expect(await jobs()).toEqual([id]);
  expect(await runVerify(engine, id, never())).toBe('ended');
  expect((await seeVerification(catalogue.raw, id)).status).toBe('PASSED');
});

test('the plan: one at a time, of many workers one asks, and not again at once for what stayed UNKNOWN', async () => {
  await forget();
  const asked = await Promise.all([1, 2, 3].map(() => tickVerifications(engine)));
  const [due] = asked.filter((one) => one !== null);
  expect(asked.filter((one) => one !== null)).toHaveLength(1);
  expect(due).toMatchObject({ backupId, depth: 'restore', cause: 'after-backup', destination: 'local' });
  expect(await jobs()).toEqual([due!.id]);
  await catalogue.raw`
    update verifications set status = 'UNKNOWN', finished_at = now() where id = ${due!.id}`;
  expect(await tickVerifications(engine)).toBeNull();
  const tomorrow = new Date(Date.now() + 25 * 3_600_000);
  expect(await tickVerifications(engine, tomorrow)).toMatchObject({ backupId, cause: 'after-backup' });
  await catalogue.raw`update verifications set status = 'PASSED', finished_at = now() where status = 'IN_PROGRESS'`;
  expect(await tickVerifications(engine, tomorrow)).toBeNull();
  const later = new Date(Date.now() + 31 * 24 * 3_600_000);
  expect(await tickVerifications(engine, later)).toMatchObject({ backupId, cause: 'scrub', depth: 'bytes' });
});

test('recovery: a lost job is made anew, a cancelled one that waits is ended', async () => {
  const id = await askedFor();
  await catalogue.raw`delete from pgboss.job`;
  const recover = () => runRecover(engine, { ownActive: () => [], isThorough: false });
  await recover();
  await recover();
  expect(await jobs()).toEqual([id]);
  await catalogue.db.transaction((tx) => requestVerificationCancel(tx, id, 'somebody'));
  await recover();
  expect(await seeVerification(catalogue.raw, id)).toMatchObject({
    status: 'UNKNOWN',
    errorCode: 'cancelled',
  });
});

test('a worker killed in mid-verification: the next start ends it UNKNOWN interrupted and sweeps; then it can be proven', async () => {
  const id = await askedFor();
  const killed = startWorkerProcess(engine.environment);
  await verificationWhere(
    catalogue.raw,
    id,
    ({ workerId, phase }) => workerId !== null && phase === 'restoring',
    killed.log,
  );
  await killed.kill('SIGKILL');
  // As if the time had gone by after which a silent worker counts as dead.
  await catalogue.raw`update workers set heartbeat_at = now() - interval '1 minute'`;
  await catalogue.raw`update verifications set heartbeat_at = now() - interval '1 minute' where id = ${id}`;
  await using next = startWorkerProcess(engine.environment);
  const ended = await verificationWhere(
    catalogue.raw,
    id,
    ({ status }) => status !== 'IN_PROGRESS',
    next.log,
  );
  expect(ended).toMatchObject({ status: 'UNKNOWN', proven: false, errorCode: 'interrupted' });
  expect(await proof()).toBe('NEVER');
  await eventually(
    () => Promise.resolve(left().length === 0),
    () => `left: ${left().join()}\n${next.log()}`,
  );
  const again = await queueVerification(engine, backupId, 'restore');
  await verificationWhere(catalogue.raw, again, ({ status }) => status === 'PASSED', next.log);
  expect(await proof()).toBe('PROVEN');
  expect(await next.kill('SIGTERM')).toBe(0);
});
