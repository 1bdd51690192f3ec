import { mkdirSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import { AppError } from '#lib/core/errors.ts';
import type { Secret } from '#lib/core/secret.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { runRecover } from '#lib/engine/recover.ts';
import { runRemove } from '#lib/engine/remove.ts';
import { runRetain } from '#lib/engine/retain.ts';
import { removeJob } from '#lib/jobs/queue.ts';
import { livingWorkers } from '#db/queries/worker.ts';
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
import { eventually } from '#tests/support/worker.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

let server: TestPostgres;
let throttle: Throttle;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;

beforeAll(async () => {
  server = await startPostgres();
  throttle = await startThrottle(server.port);
  await server.createDatabase('ims_db');
  await server.sql(
    'ims_db',
    `create table blobs (id int primary key, body text not null);
     insert into blobs select i, (select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j)
       from generate_series(1, 5000) i;`,
  );
  catalogue = await createCatalogue(server);
  await switchProofsOff(catalogue.raw);
});
afterAll(async () => {
  await catalogue.close();
  await throttle[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  throttle.limit(Infinity);
  engine = await createEngine(catalogue, {
    PGHOST: '127.0.0.1',
    PGPORT: String(throttle.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'ims_db',
    BACKUP_RETENTION_DAILY: '2',
    BACKUP_RETENTION_WEEKLY: '0',
    BACKUP_RETENTION_MONTHLY: '0',
  });
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  await catalogue.raw`truncate slots, backup_copies, backups, workers cascade`;
  await catalogue.raw`delete from pgboss.job`;
});

const never = () => ({ run: new AbortController().signal, turn: new AbortController().signal });
const recover = (ownActive: string[] = []) =>
  runRecover(engine, { ownActive: () => ownActive, isThorough: false });
const stored = () => filesUnder(engine.config.localPath);
const jobsOf = (name: string) =>
  catalogue.raw`select data->>'backupId' as id from pgboss.job where name = ${name} and state < 'completed'`;
async function takeDaily(daysAgo: number): Promise<string> {
  const id = await queueBackup(engine, { tiers: ['DAILY'], isJobLost: true });
  expect(await runBackup(engine, id, never())).toBe('completed');
  await catalogue.raw`update backups set created_at = created_at - make_interval(days => ${daysAgo}),
    started_at = started_at - make_interval(days => ${daysAgo}) where id = ${id}`;
  return id;
}

test('retention after a scheduled backup: EXPIRED with reasons and a job, then objects gone, then DELETED', async () => {
  // Oldest last, so that taking them does not drop any yet.
  const ids = [await takeDaily(9), await takeDaily(8)];
  const manual = await queueBackup(engine, { isJobLost: true });
  await runBackup(engine, manual, never());
  await catalogue.raw`update backups set created_at = created_at - interval '90 days', started_at = started_at - interval '90 days' where id = ${manual}`;
  expect(await jobsOf('remove')).toHaveLength(0);
  const newest = await queueBackup(engine, { tiers: ['DAILY'], isJobLost: true });
  expect(await runBackup(engine, newest, never())).toBe('completed');

  const [dropped, kept] = ids;
  expect((await seeBackup(catalogue.raw, dropped ?? '')).status).toBe('EXPIRED');
  for (const id of [kept ?? '', manual, newest])
    expect((await seeBackup(catalogue.raw, id)).status).toBe('COMPLETED');
  expect(await jobsOf('remove')).toEqual([{ id: dropped }]);
  const audit =
    await catalogue.raw`select details from audit_entries where action = 'backup.expire' and subject_id = ${dropped ?? ''}`;
  expect((audit[0]?.['details'] as { reasons: string[] }).reasons).toEqual([
    expect.stringMatching(/no longer among/),
  ]);
  expect(stored()).toHaveLength(8);

  await runRemove(engine, dropped ?? '', AbortSignal.timeout(10_000));
  const gone = await seeBackup(catalogue.raw, dropped ?? '');
  expect(gone).toMatchObject({ status: 'DELETED', copies: [{ status: 'REMOVED' }] });
  expect(stored()).toHaveLength(6);
  expect(stored()).not.toContain(gone.filename);
  // A second delivery of the same job, and a second look, change nothing.
  await runRemove(engine, dropped ?? '', AbortSignal.timeout(10_000));
  expect(await runRetain(engine)).toBe(0);
  expect(stored()).toHaveLength(6);
});

test('removal goes on from wherever it was killed', async () => {
  const id = await takeDaily(5);
  const { filename } = await seeBackup(catalogue.raw, id);
  await takeDaily(0);
  // Killed after EXPIRED, before the job was kept.
  await catalogue.raw`update backups set status = 'EXPIRED' where id = ${id}`;
  await recover();
  expect(await jobsOf('remove')).toEqual([{ id }]);
  await recover();
  expect(await jobsOf('remove')).toHaveLength(1);
  // Killed between the archive and its manifest.
  const { rmSync } = await import('node:fs');
  rmSync(join(engine.config.localPath, filename));
  await runRemove(engine, id, AbortSignal.timeout(10_000));
  expect(stored()).not.toContain(manifestNameOf(filename));
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'DELETED' });
  // Killed after the objects, before DELETED.
  await catalogue.raw`update backups set status = 'EXPIRED' where id = ${id}`;
  await catalogue.raw`update backup_copies set status = 'STORED' where backup_id = ${id}`;
  await runRemove(engine, id, AbortSignal.timeout(10_000));
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({
    status: 'DELETED',
    copies: [{ status: 'REMOVED' }],
  });
});

test('recovery marks the runs of dead workers and of nobody else', async () => {
  const living = randomUUID();
  const dead = randomUUID();
  await catalogue.raw`insert into workers (id, hostname, pid, version, heartbeat_at) values
    (${living}, 'h', 1, '0', now()), (${dead}, 'h', 2, '0', now() - interval '1 minute')`;
  expect((await livingWorkers(catalogue.db)).map(({ id }) => id)).toEqual([living]);
  const run = async (workerId: string | null, silentSeconds: number) => {
    const id = await queueBackup(engine);
    await catalogue.raw`update backups set worker_id = ${workerId}, started_at = now(),
      heartbeat_at = now() - make_interval(secs => ${silentSeconds}) where id = ${id}`;
    return id;
  };
  const ofLiving = await run(living, 60);
  const ofDead = await run(dead, 60);
  const ofNobody = await run(randomUUID(), 60);
  const freshWithoutRow = await run(randomUUID(), 2);
  const ownGoingOn = await run(engine.workerId, 60);
  const ownGivenUp = await run(engine.workerId, 60);
  const queued = await run(null, 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await catalogue.raw`select pg_sleep(greatest(0, 21 - extract(epoch from now() - pg_postmaster_start_time())))`;
  await catalogue.raw`update workers set heartbeat_at = now() where id = ${living}`;
  await catalogue.raw`update backups set heartbeat_at = now() where id = ${freshWithoutRow}`;
  await recover([ownGoingOn]);
  for (const id of [ofDead, ofNobody, ownGivenUp])
    expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'FAILED', errorCode: 'interrupted' });
  for (const id of [ofLiving, freshWithoutRow, ownGoingOn, queued])
    expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS', errorCode: null });
});

test('a dead run that had only noted a name that was taken does not cost the other backup its archive', async () => {
  const good = await takeDaily(0);
  const { filename } = await seeBackup(catalogue.raw, good);
  const before = stored();
  for (const isKnown of [true, false]) {
    // The second time the catalogue knows nothing of the owner: the manifest beside the archive does.
    if (!isKnown) await catalogue.raw`update backups set status = 'FAILED' where id = ${good}`;
    if (!isKnown) await catalogue.raw`update backup_copies set status = 'REMOVED' where backup_id = ${good}`;
    const id = await queueBackup(engine, { isJobLost: true });
    await catalogue.raw`insert into backup_copies (backup_id, destination, key, status) values (${id}, 'local', ${filename}, 'FAILED')`;
    await catalogue.raw`update backups set status = 'FAILED' where id = ${id}`;
    await recover();
    expect(stored()).toEqual(before);
    expect(await seeBackup(catalogue.raw, id)).toMatchObject({ copies: [{ status: 'REMOVED' }] });
  }
});

test('a queued row that was cancelled and has no worker becomes FAILED', async () => {
  const id = await queueBackup(engine);
  await catalogue.raw`update backups set cancel_requested_at = now(), cancel_requested_by = 'user-0001@example.test' where id = ${id}`;
  await recover();
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'FAILED', errorCode: 'cancelled' });
  expect(await runBackup(engine, id, never())).toBe('gone');
});

test('a job delivered twice takes one backup; of two runs one waits for the other', async () => {
  const id = await queueBackup(engine, { isJobLost: true });
  const other = await queueBackup(engine, { isJobLost: true });
  const outcomes = await Promise.all([
    runBackup(engine, id, never()),
    runBackup({ ...engine, workerId: randomUUID() }, id, never()),
    runBackup(engine, other, never()),
  ]);
  expect(outcomes.toSorted()).toEqual(['completed', 'completed', 'gone']);
  const overlap = await catalogue.raw`select 1 from backups a join backups b on a.id < b.id
    where tstzrange(a.started_at, a.finished_at) && tstzrange(b.started_at, b.finished_at)`;
  expect(overlap).toHaveLength(0);
});

test('the wait for a turn can be ended; the row stays queued', async () => {
  const first = await queueBackup(engine, { isJobLost: true });
  await catalogue.raw`update backups set worker_id = ${randomUUID()}, heartbeat_at = now() where id = ${first}`;
  const id = await queueBackup(engine, { isJobLost: true });
  const turn = new AbortController();
  const waiting = runBackup(engine, id, { ...never(), turn: turn.signal });
  setTimeout(() => {
    turn.abort(new AppError('interrupted', 'the worker is stopping'));
  }, 1500);
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS', workerId: null });
});

test('a backup that takes longer than its limit fails with timeout and leaves nothing', async () => {
  throttle.limit(200_000);
  const id = await queueBackup(engine, { isJobLost: true });
  const config = { ...engine.config, timeoutMinutes: 2 / 60 };
  expect(await runBackup({ ...engine, config }, id, never())).toBe('failed');
  expect(await seeBackup(catalogue.raw, id)).toMatchObject({ status: 'FAILED', errorCode: 'timeout' });
  expect(stored()).toEqual([]);
});

test('a worker that is stopped and may not wait aborts its backup cleanly', async () => {
  const worker = startWorker(engine.config, { log: engine.log, stopLimitMs: 500 });
  await worker.ready;
  throttle.limit(200_000);
  const id = await queueBackup(engine);
  await backupWhere(
    catalogue.raw,
    id,
    ({ phase, progressBytes }) => phase === 'dumping' && progressBytes > 0,
  );
  await worker.stop();
  const backup = await seeBackup(catalogue.raw, id);
  expect(isOver(backup)).toBe(true);
  expect(backup).toMatchObject({
    status: 'FAILED',
    errorCode: 'interrupted',
    errorMessage: 'the worker was stopped while this backup ran',
    copies: [{ status: 'REMOVED' }],
  });
  expect(stored()).toEqual([]);
  expect(await catalogue.raw`select 1 from workers`).toHaveLength(0);
  const dumps = await catalogue.raw`select 1 from pg_stat_activity where application_name = 'pg_dump'`;
  expect(dumps).toHaveLength(0);
});

test('a worker is ready no sooner than others see that it lives', async () => {
  const { raw } = catalogue;
  let worker: Worker | undefined;
  let isReady = false;
  await raw.begin(async (tx) => {
    await tx`lock table workers in share mode`;
    worker = startWorker(engine.config, { log: engine.log });
    void worker.ready.then(() => (isReady = true));
    await eventually(
      async () => {
        const [row] = await raw<{ waiting: number }[]>`
        select count(*)::int as waiting from pg_locks where relation = 'workers'::regclass and not granted`;
        return (row?.waiting ?? 0) > 0;
      },
      () => 'no heartbeat waits for the lock',
    );
    // All else is at once.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(isReady).toBe(false);
  });
  await worker!.ready;
  expect(await raw`select 1 from workers`).toHaveLength(1);
  await worker!.stop();
});

test('folders of runs that are over are swept, those of running ones and strangers stay', async () => {
  const running = await queueBackup(engine);
  await catalogue.raw`update backups set worker_id = ${engine.workerId}, started_at = now(), heartbeat_at = now() where id = ${running}`;
  const folder = join(engine.config.dataDir, 'runs');
  for (const name of [running, randomUUID(), 'something-else']) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, name), 'x');
  }
  await runRecover(engine, { ownActive: () => [running], isThorough: true });
  expect(filesUnder(folder)).toEqual([running, 'something-else'].toSorted());
});

test('retention marks and enqueues together: nothing expires when the queue refuses', async () => {
  const id = await takeDaily(5);
  await takeDaily(4);
  await takeDaily(3);
  await catalogue.raw`update backups set status = 'COMPLETED' where id = ${id}`;
  const queue = {
    ...engine.queue,
    enqueue: () => Promise.reject(new AppError('bug', `no queue for ${removeJob.name}`)),
  };
  await expect(runRetain({ ...engine, queue })).rejects.toThrow('no queue');
  expect((await seeBackup(catalogue.raw, id)).status).toBe('COMPLETED');
});
