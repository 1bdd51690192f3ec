import { expect, test } from 'vitest';
import { backupWhere, queueBackup } from '#tests/support/backups.ts';
import { eventually } from '#tests/support/worker.ts';
import { isDumping, SLOW, workerScene } from '#tests/support/worker-scene.ts';
import { planOf } from '#worker/scheduler.ts';

const scene = workerScene();

test('the catalogue restarts in mid-run: the dump goes on and is recorded when it is back', async () => {
  await scene.startWorker();
  await scene.startWorker();
  scene.throttle.limit(SLOW);
  const id = await queueBackup(scene.engine);
  await backupWhere(scene.catalogue.raw, id, isDumping, scene.logs);
  await scene.catalogueServer.stop('SIGQUIT');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  scene.throttle.limit(Infinity);
  // Long enough for the dump to end while nothing can be written.
  await new Promise((resolve) => setTimeout(resolve, 22_000));
  await scene.catalogueServer.start();
  await scene.completed(id);
  expect(
    await scene.catalogue
      .raw`select 1 from audit_entries where subject_id = ${id} and action = 'backup.complete'`,
  ).toHaveLength(1);
  await scene.completed(await queueBackup(scene.engine));
});

test('a worker that starts while the catalogue is away waits for it', async () => {
  await scene.catalogueServer.stop('SIGINT');
  const worker = scene.launch();
  await worker.until('it is tried again');
  await scene.catalogueServer.start();
  await worker.until('worker is ready');
  await scene.completed(await queueBackup(scene.engine));
});

test('BACKUP_ENABLED=false: nothing is scheduled, a manual backup works', async () => {
  await scene.catalogue.raw`delete from slots`;
  const schedule = { BACKUP_ENABLED: 'false', BACKUP_SCHEDULE: '* * * * *' };
  const plan = planOf({ ...scene.engine.config.schedule, cron: '* * * * *' });
  await scene.catalogue.raw`insert into slots (plan, due_at) values (${plan}, now() - interval '10 minutes')`;
  await scene.startWorker(schedule);
  await scene.completed(await queueBackup(scene.engine));
  expect(await scene.catalogue.raw`select 1 from slots where backup_id is not null`).toHaveLength(0);
});

test('two workers start after days away: the newest missed slot is caught up once', async () => {
  await scene.catalogue.raw`delete from slots`;
  await scene.catalogue.raw`insert into slots (plan, due_at)
    values (${planOf(scene.engine.config.schedule)}, date_trunc('day', now()) - interval '4 days' + interval '1 hour')`;
  const count = async () => Number((await scene.catalogue.raw`select count(*) as n from backups`)[0]?.['n']);
  const before = await count();
  await Promise.all([scene.startWorker(), scene.startWorker()]);
  const slot = await eventually(
    async () =>
      (
        await scene.catalogue.raw<
          { id: string }[]
        >`select backup_id as id from slots where backup_id is not null`
      )[0],
    scene.logs,
  );
  await scene.completed(slot.id);
  await new Promise((resolve) => setTimeout(resolve, 16_000));
  expect(await count()).toBe(before + 1);
  expect(await scene.catalogue.raw`select type, status from backups where id = ${slot.id}`).toEqual([
    { type: 'DAILY', status: 'COMPLETED' },
  ]);
});
