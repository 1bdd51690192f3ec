import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupWhere, filesUnder, isOver, queueBackup, seeBackup } from '#tests/support/backups.ts';
import { eventually } from '#tests/support/worker.ts';
import { isDumping, SLOW, workerScene } from '#tests/support/worker-scene.ts';

const scene = workerScene();

test('kill -9 in mid-dump: the next worker marks it failed, sweeps what it left, and earlier backups are untouched', async () => {
  const first = await scene.startWorker();
  const earlier = await scene.completed(await queueBackup(scene.engine));
  const before = scene.stored();
  scene.throttle.limit(SLOW);
  const id = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  await first.kill('SIGKILL');
  expect(await seeBackup(scene.catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS' });
  expect(scene.stored().length).toBeGreaterThan(before.length);

  scene.throttle.limit(Infinity);
  await scene.startWorker();
  const backup = await backupWhere(scene.catalogue.raw, id, isOver, scene.logs);
  expect(backup).toMatchObject({ status: 'FAILED', errorCode: 'interrupted' });
  expect(backup.errorHint).toMatch(/earlier backups are untouched/);
  await eventually(
    () => Promise.resolve(scene.stored().length === before.length),
    () => scene.stored().join(),
  );
  expect(scene.stored()).toEqual(before);
  await eventually(
    async () => (await seeBackup(scene.catalogue.raw, id)).copies.every(({ status }) => status === 'REMOVED'),
    scene.logs,
  );
  expect(filesUnder(join(scene.engine.config.dataDir, 'runs'))).toEqual([]);
  await scene.completed(earlier.id);
  await scene.completed(await queueBackup(scene.engine));
});

test('a living worker’s run is not touched by another worker that starts', async () => {
  await scene.startWorker();
  scene.throttle.limit(SLOW / 2);
  const id = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  await scene.startWorker();
  // Longer than one pass of recovery and the silence after which a worker counts as dead.
  await new Promise((resolve) => setTimeout(resolve, 24_000));
  expect(await seeBackup(scene.catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS', errorCode: null });
  scene.throttle.limit(Infinity);
  await scene.completed(id);
});

test('a second SIGTERM ends it at once, and the next worker puts right what that left', async () => {
  const worker = await scene.startWorker();
  scene.throttle.limit(SLOW);
  const before = scene.stored();
  const id = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  const gone = worker.kill('SIGTERM');
  await worker.until('worker is stopping');
  void worker.kill('SIGTERM');
  expect(await gone).toBe(143);
  expect(await seeBackup(scene.catalogue.raw, id)).toMatchObject({ status: 'IN_PROGRESS' });
  await scene.startWorker();
  expect(await backupWhere(scene.catalogue.raw, id, isOver, scene.logs)).toMatchObject({
    errorCode: 'interrupted',
  });
  await eventually(
    () => Promise.resolve(scene.stored().join() === before.join()),
    () => scene.stored().join(),
  );
});

test('a run that was taken away does not become COMPLETED: its worker removes what it made', async () => {
  await scene.startWorker();
  scene.throttle.limit(SLOW);
  const before = scene.stored();
  const id = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  await scene.catalogue
    .raw`update backups set status = 'FAILED', error_code = 'interrupted' where id = ${id}`;
  scene.throttle.limit(Infinity);
  await eventually(
    () => Promise.resolve(scene.stored().join() === before.join()),
    () => scene.stored().join(),
  );
  expect(await seeBackup(scene.catalogue.raw, id)).toMatchObject({
    status: 'FAILED',
    errorCode: 'interrupted',
  });
  await scene.completed(await queueBackup(scene.engine));
});

test('a queued row whose job is lost gets a new one', async () => {
  await scene.startWorker();
  await scene.completed(await queueBackup(scene.engine, { isJobLost: true }));
});
