import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import type { Secret } from '#lib/core/secret.ts';
import {
  backupWhere,
  filesUnder,
  isOver,
  queueBackup,
  seeBackup,
  switchProofsOff,
} from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startThrottle, type Throttle } from '#tests/support/throttle.ts';
import { eventually, startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';
import { planOf } from '#worker/scheduler.ts';

/** The catalogue's server is not the source's: one of them restarts while the other goes on. */
let catalogueServer: TestPostgres;
let source: TestPostgres;
let throttle: Throttle;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;
const running: WorkerProcess[] = [];

beforeAll(async () => {
  [catalogueServer, source] = await Promise.all([startPostgres(), startPostgres()]);
  throttle = await startThrottle(source.port);
  await source.createDatabase('ims_db');
  await source.sql(
    'ims_db',
    `create table items (id int primary key, name text not null);
     insert into items select i, md5(i::text) from generate_series(1, 1000) i;
     create table blobs (id int primary key, body text not null);
     insert into blobs select i, (select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j)
       from generate_series(1, 10000) i;`,
  );
  catalogue = await createCatalogue(catalogueServer);
  await switchProofsOff(catalogue.raw);
  engine = await createEngine(catalogue, {
    PGHOST: '127.0.0.1',
    PGPORT: String(throttle.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'ims_db',
    BACKUP_SCHEDULE: '0 1 * * *',
  });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await throttle[Symbol.asyncDispose]();
  await Promise.all([catalogueServer[Symbol.asyncDispose](), source[Symbol.asyncDispose]()]);
});
beforeEach(() => {
  throttle.limit(Infinity);
});
afterEach(async () => {
  throttle.limit(Infinity);
  await Promise.all(running.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
  await catalogue.raw`update backups set status = 'FAILED' where status = 'IN_PROGRESS'`;
  await catalogue.raw`delete from pgboss.job`;
});

const SLOW = 1_000_000;
async function startWorker(environment: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
  const worker = startWorkerProcess({ ...engine.environment, ...environment });
  running.push(worker);
  await worker.until('worker is ready');
  return worker;
}
const rowOf = (worker: WorkerProcess) =>
  catalogue.raw`select pid from workers where pid = ${worker.pid} and heartbeat_at > now() - interval '20 seconds'`;
const stored = () => filesUnder(engine.config.localPath);
const logs = () => running.map((worker) => worker.log()).join('\n');
const isDumping = ({ phase, progressBytes }: { phase: string; progressBytes: number }) =>
  phase === 'dumping' && progressBytes > 0;

async function completed(id: string) {
  const backup = await backupWhere(catalogue.raw, id, isOver, logs);
  expect(backup, logs()).toMatchObject({ status: 'COMPLETED', errorCode: null });
  const bytes = readFileSync(join(engine.config.localPath, backup.filename));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(backup.checksum);
  expect(bytes.length).toBe(backup.sizeBytes);
  expect(stored()).toContain(manifestNameOf(backup.filename));
  expect(backup.copies).toMatchObject([{ destination: 'local', status: 'STORED' }]);
  return backup;
}

test('a worker shows that it lives, takes a manual backup, and leaves no row behind on SIGTERM', async () => {
  const worker = await startWorker();
  expect(await rowOf(worker)).toHaveLength(1);
  const id = await queueBackup(engine);
  const backup = await completed(id);
  expect(backup.progressPercent).toBe(100);
  const audit = await catalogue.raw`select action, actor_kind from audit_entries where subject_id = ${id}`;
  expect(audit).toEqual([{ action: 'backup.complete', actor_kind: 'worker' }]);
  expect(await worker.kill('SIGTERM')).toBe(0);
  expect(await rowOf(worker)).toHaveLength(0);
  expect(filesUnder(join(engine.config.dataDir, 'runs'))).toEqual([]);
});

test('a wrong password fails the backup with code and hint, and the worker lives on', async () => {
  const worker = await startWorker({ PGPASSWORD: 'wrong' });
  const id = await queueBackup(engine);
  const backup = await backupWhere(catalogue.raw, id, isOver, logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'source_auth' });
  expect(backup.errorHint).toMatch(/\.$/);
  const second = await queueBackup(engine);
  expect(await backupWhere(catalogue.raw, second, isOver, logs)).toMatchObject({ errorCode: 'source_auth' });
  expect(await rowOf(worker)).toHaveLength(1);
});

test('kill -9 in mid-dump: the next worker marks it failed, sweeps what it left, and earlier backups are untouched', async () => {
  const first = await startWorker();
  const earlier = await completed(await queueBackup(engine));
  const before = stored();
  throttle.limit(SLOW);
  const id = await queueBackup(engine);
  await backupWhere(catalogue.raw, id, isDumping, logs);
  await first.kill('SIGKILL');
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS' });
  expect(stored().length).toBeGreaterThan(before.length);

  throttle.limit(Infinity);
  await startWorker();
  const backup = await backupWhere(catalogue.raw, id, isOver, logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'interrupted' });
  expect(backup.errorHint).toMatch(/earlier backups are untouched/);
  await eventually(
    () => Promise.resolve(stored().length === before.length),
    () => stored().join(),
  );
  expect(stored()).toEqual(before);
  await eventually(
    async () => (await seeBackup(catalogue.raw, id)).copies.every(({ status }) => status === 'REMOVED'),
    logs,
  );
  expect(filesUnder(join(engine.config.dataDir, 'runs'))).toEqual([]);
  await completed(earlier.id);
  await completed(await queueBackup(engine));
});

test('a living worker’s run is not touched by another worker that starts', async () => {
  await startWorker();
  throttle.limit(SLOW / 2);
  const id = await queueBackup(engine);
  await backupWhere(catalogue.raw, id, isDumping, logs);
  await startWorker();
  // Longer than one pass of recovery and the silence after which a worker counts as dead.
  await new Promise((resolve) => setTimeout(resolve, 24_000));
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS', errorCode: null });
  throttle.limit(Infinity);
  await completed(id);
});

test('a second backup waits, queued, while one runs; it can be cancelled there; a running one can be cancelled too', async () => {
  await startWorker();
  await startWorker();
  throttle.limit(SLOW);
  const before = stored();
  const a = await queueBackup(engine);
  await backupWhere(catalogue.raw, a, isDumping, logs);
  const b = await queueBackup(engine);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await seeBackup(catalogue.raw, b)).toMatchObject({
    status: 'IN_PROGRESS',
    phase: 'queued',
    workerId: null,
  });

  await catalogue.raw`update backups set cancel_requested_at = now(), cancel_requested_by = 'user-0001@example.test' where id in (${a}, ${b})`;
  for (const id of [a, b]) {
    const backup = await backupWhere(catalogue.raw, id, isOver, logs, 15_000);
    expect(backup).toMatchObject({
      status: 'FAILED',
      errorCode: 'cancelled',
      errorMessage: 'cancelled by user-0001@example.test',
    });
  }
  await eventually(
    () => Promise.resolve(stored().length === before.length),
    () => stored().join(),
  );
  throttle.limit(Infinity);
  await completed(await queueBackup(engine));
});

test('the percentage of a run never falls', async () => {
  await startWorker();
  throttle.limit(SLOW * 2);
  const id = await queueBackup(engine);
  const seen: number[] = [];
  await backupWhere(catalogue.raw, id, (backup) => {
    seen.push(backup.progressPercent);
    return isOver(backup);
  });
  expect(seen.toSorted((x, y) => x - y)).toEqual(seen);
  expect(new Set(seen).size).toBeGreaterThan(2);
});

test('SIGTERM lets a running backup finish', async () => {
  const worker = await startWorker();
  throttle.limit(SLOW * 2);
  const id = await queueBackup(engine);
  await backupWhere(catalogue.raw, id, isDumping, logs);
  const gone = worker.kill('SIGTERM');
  await worker.until('worker is stopping');
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS' });
  throttle.limit(Infinity);
  expect(await gone).toBe(0);
  await completed(id);
  expect(await rowOf(worker)).toHaveLength(0);
});

test('a second SIGTERM ends it at once, and the next worker puts right what that left', async () => {
  const worker = await startWorker();
  throttle.limit(SLOW);
  const before = stored();
  const id = await queueBackup(engine);
  await backupWhere(catalogue.raw, id, isDumping, logs);
  const gone = worker.kill('SIGTERM');
  await worker.until('worker is stopping');
  void worker.kill('SIGTERM');
  expect(await gone).toBe(143);
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS' });
  await startWorker();
  expect(await backupWhere(catalogue.raw, id, isOver, logs)).toMatchObject({ errorCode: 'interrupted' });
  await eventually(
    () => Promise.resolve(stored().join() === before.join()),
    () => stored().join(),
  );
});

/** postgres.js throws like this, outside of any promise, where a server goes away under a pending write. */
const THROWS_ON_SIGUSR2 = `--import=data:text/javascript,${encodeURIComponent(
  `process.on('SIGUSR2',()=>setImmediate(()=>null.write()))`,
)}`;

test('an exception nobody catches: the running backup completes, then the worker exits 1 and leaves no row', async () => {
  const worker = await startWorker({ NODE_OPTIONS: THROWS_ON_SIGUSR2 });
  throttle.limit(SLOW);
  const id = await queueBackup(engine);
  await backupWhere(catalogue.raw, id, isDumping, logs);
  process.kill(worker.pid, 'SIGUSR2');
  await worker.until('an exception reached nobody');
  process.kill(worker.pid, 'SIGUSR2');
  throttle.limit(Infinity);
  expect(await worker.exited).toBe(1);
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'COMPLETED' });
  expect(await rowOf(worker)).toHaveLength(0);

  const idle = await startWorker({ NODE_OPTIONS: THROWS_ON_SIGUSR2 });
  process.kill(idle.pid, 'SIGUSR2');
  expect(await idle.exited).toBe(1);
});

test('the catalogue restarts in mid-run: the dump goes on and is recorded when it is back', async () => {
  await startWorker();
  await startWorker();
  throttle.limit(SLOW);
  const id = await queueBackup(engine);
  await backupWhere(catalogue.raw, id, isDumping, logs);
  await catalogueServer.stop('SIGQUIT');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  throttle.limit(Infinity);
  // Long enough for the dump to end while nothing can be written.
  await new Promise((resolve) => setTimeout(resolve, 22_000));
  await catalogueServer.start();
  await completed(id);
  expect(
    await catalogue.raw`select 1 from audit_entries where subject_id = ${id} and action = 'backup.complete'`,
  ).toHaveLength(1);
  await completed(await queueBackup(engine));
});

test('a worker that starts while the catalogue is away waits for it', async () => {
  await catalogueServer.stop('SIGINT');
  const worker = startWorkerProcess(engine.environment);
  running.push(worker);
  await worker.until('it is tried again');
  await catalogueServer.start();
  await worker.until('worker is ready');
  await completed(await queueBackup(engine));
});

test('a run that was taken away does not become COMPLETED: its worker removes what it made', async () => {
  await startWorker();
  throttle.limit(SLOW);
  const before = stored();
  const id = await queueBackup(engine);
  await backupWhere(catalogue.raw, id, isDumping, logs);
  await catalogue.raw`update backups set status = 'FAILED', error_code = 'interrupted' where id = ${id}`;
  throttle.limit(Infinity);
  await eventually(
    () => Promise.resolve(stored().join() === before.join()),
    () => stored().join(),
  );
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'FAILED', errorCode: 'interrupted' });
  await completed(await queueBackup(engine));
});

test('a queued row whose job is lost gets a new one', async () => {
  await startWorker();
  await completed(await queueBackup(engine, { isJobLost: true }));
});

test('BACKUP_ENABLED=false: nothing is scheduled, a manual backup works', async () => {
  await catalogue.raw`delete from slots`;
  const schedule = { BACKUP_ENABLED: 'false', BACKUP_SCHEDULE: '* * * * *' };
  const plan = planOf({ ...engine.config.schedule, cron: '* * * * *' });
  await catalogue.raw`insert into slots (plan, due_at) values (${plan}, now() - interval '10 minutes')`;
  await startWorker(schedule);
  await completed(await queueBackup(engine));
  expect(await catalogue.raw`select 1 from slots where backup_id is not null`).toHaveLength(0);
});

test('two workers start after days away: the newest missed slot is caught up once', async () => {
  await catalogue.raw`delete from slots`;
  await catalogue.raw`insert into slots (plan, due_at)
    values (${planOf(engine.config.schedule)}, date_trunc('day', now()) - interval '4 days' + interval '1 hour')`;
  const count = async () => Number((await catalogue.raw`select count(*) as n from backups`)[0]?.['n']);
  const before = await count();
  await Promise.all([startWorker(), startWorker()]);
  const slot = await eventually(
    async () =>
      (
        await catalogue.raw<{ id: string }[]>`select backup_id as id from slots where backup_id is not null`
      )[0],
    logs,
  );
  await completed(slot.id);
  await new Promise((resolve) => setTimeout(resolve, 16_000));
  expect(await count()).toBe(before + 1);
  expect(await catalogue.raw`select type, status from backups where id = ${slot.id}`).toEqual([
    { type: 'DAILY', status: 'COMPLETED' },
  ]);
});

test('a contradiction in the configuration stops the start with the variable’s name', async () => {
  const worker = startWorkerProcess({ ...engine.environment, BACKUP_TIMEZONE: 'Mars/Olympus' });
  running.push(worker);
  expect(await worker.exited).toBe(20);
  expect(worker.log()).toContain('BACKUP_TIMEZONE');
});
