import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupWhere, filesUnder, isOver, queueBackup, seeBackup } from '#tests/support/backups.ts';
import { eventually } from '#tests/support/worker.ts';
import { isDumping, SLOW, workerScene } from '#tests/support/worker-scene.ts';

const scene = workerScene();

test('a worker shows that it lives, takes a manual backup, and leaves no row behind on SIGTERM', async () => {
  const worker = await scene.startWorker();
  expect(await scene.rowOf(worker)).toHaveLength(1);
  const id = await queueBackup(scene.engine);
  const backup = await scene.completed(id);
  expect(backup.progressPercent).toBe(100);
  const audit = await scene.catalogue
    .raw`select action, actor_kind from audit_entries where subject_id = ${id}`;
  expect(audit).toEqual([{ action: 'backup.complete', actor_kind: 'worker' }]);
  expect(await worker.kill('SIGTERM')).toBe(0);
  expect(await scene.rowOf(worker)).toHaveLength(0);
  expect(filesUnder(join(scene.engine.config.dataDir, 'runs'))).toEqual([]);
});

test('a wrong password fails the backup with code and hint, and the worker lives on', async () => {
  const worker = await scene.startWorker({ PGPASSWORD: 'wrong' });
  const id = await queueBackup(scene.engine);
  const backup = await backupWhere(scene.catalogue.raw, id, isOver, scene.logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'source_auth' });
  expect(backup.errorHint).toMatch(/\.$/);
  const second = await queueBackup(scene.engine);
  expect(await backupWhere(scene.catalogue.raw, second, isOver, scene.logs)).toMatchObject({
    errorCode: 'source_auth',
  });
  expect(await scene.rowOf(worker)).toHaveLength(1);
});

test('a second backup waits, queued, while one runs; it can be cancelled there; a running one can be cancelled too', async () => {
  await scene.startWorker();
  await scene.startWorker();
  scene.throttle.limit(SLOW);
  const before = scene.stored();
  const a = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, a, isDumping, scene.logs);
  const b = await queueBackup(scene.engine);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await seeBackup(scene.catalogue.raw, b)).toMatchObject({
    status: 'IN_PROGRESS',
    phase: 'queued',
    workerId: null,
  });

  await scene.catalogue
    .raw`update backups set cancel_requested_at = now(), cancel_requested_by = 'user-0001@example.test' where id in (${a}, ${b})`;
  for (const id of [a, b]) {
    const backup = await backupWhere(scene.catalogue.raw, id, isOver, scene.logs, 15_000);
    expect(backup).toMatchObject({
      status: 'FAILED',
      errorCode: 'cancelled',
      errorMessage: 'cancelled by user-0001@example.test',
    });
  }
  await eventually(
    () => Promise.resolve(scene.stored().length === before.length),
    () => scene.stored().join(),
  );
  scene.throttle.limit(Infinity);
  await scene.completed(await queueBackup(scene.engine));
});

test('the percentage of a run never falls', async () => {
  await scene.startWorker();
  scene.throttle.limit(SLOW * 2);
  const id = await queueBackup(scene.engine);
  const seen: number[] = [];
  await backupWhere(scene.catalogue.raw, id, (backup) => {
    seen.push(backup.progressPercent);
    return isOver(backup);
  });
  expect(seen.toSorted((x, y) => x - y)).toEqual(seen);
  expect(new Set(seen).size).toBeGreaterThan(2);
});

test('SIGTERM lets a running backup finish', async () => {
  const worker = await scene.startWorker();
  scene.throttle.limit(SLOW * 2);
  const id = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  const gone = worker.kill('SIGTERM');
  await worker.until('worker is stopping');
  expect(await seeBackup(scene.catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS' });
  scene.throttle.limit(Infinity);
  expect(await gone).toBe(0);
  await scene.completed(id);
  expect(await scene.rowOf(worker)).toHaveLength(0);
});

/** postgres.js throws like this, outside of any promise, where a server goes away under a pending write. */
const THROWS_ON_SIGUSR2 = `--import=data:text/javascript,${encodeURIComponent(
  `process.on('SIGUSR2',()=>setImmediate(()=>null.write()))`,
)}`;

test('an exception nobody catches: the running backup completes, then the worker exits 1 and leaves no row', async () => {
  const worker = await scene.startWorker({ NODE_OPTIONS: THROWS_ON_SIGUSR2 });
  scene.throttle.limit(SLOW);
  const id = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  process.kill(worker.pid, 'SIGUSR2');
  await worker.until('an exception reached nobody');
  process.kill(worker.pid, 'SIGUSR2');
  scene.throttle.limit(Infinity);
  expect(await worker.exited).toBe(1);
  expect(await seeBackup(scene.catalogue.raw, id)).toMatchObject({ status: 'COMPLETED' });
  expect(await scene.rowOf(worker)).toHaveLength(0);

  const idle = await scene.startWorker({ NODE_OPTIONS: THROWS_ON_SIGUSR2 });
  process.kill(idle.pid, 'SIGUSR2');
  expect(await idle.exited).toBe(1);
});

test('a contradiction in the configuration stops the start with the variable’s name', async () => {
  const worker = scene.launch({ BACKUP_TIMEZONE: 'Mars/Olympus' });
  expect(await worker.exited).toBe(20);
  expect(worker.log()).toContain('BACKUP_TIMEZONE');
});
