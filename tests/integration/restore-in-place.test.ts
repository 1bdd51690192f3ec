import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { problemOf } from '#tests/support/api.ts';
import { seeBackup } from '#tests/support/backups.ts';
import { ordersOf, startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import type { WorkerProcess } from '#tests/support/worker.ts';

let scene: RestoreApi;
let worker: WorkerProcess;
/** With 2000 orders. */
let backupId: string;

/** Killed, and as silent as after a while: whoever comes next takes it for dead at once. */
async function killed(): Promise<void> {
  await worker.kill('SIGKILL');
  const raw = scene.api.catalogue.raw;
  await raw`delete from workers`;
  await raw`update restores set heartbeat_at = now() - interval '1 hour' where status = 'IN_PROGRESS'`;
  await raw`update backups set heartbeat_at = now() - interval '1 hour' where status = 'IN_PROGRESS'`;
}

beforeAll(async () => {
  scene = await startRestoreApi();
  worker = await scene.startWorker();
  // pg_restore --clean by itself stops at the keys of partitions.
  await scene.source.sql(
    'shop',
    `create table visits (day date, id int, primary key (day, id)) partition by range (day);
     create index on visits (id);
     create table visits_2026 partition of visits for values from ('2026-01-01') to ('2027-01-01') partition by list (id);
     create table visits_2026_one partition of visits_2026 for values in (1);
     insert into visits values ('2026-11-21', 1)`,
  );
  backupId = await scene.backUp();
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await scene.source.sql(
    'shop',
    `delete from orders where id > 40;
     drop table if exists later;
     create table later (note text);
     insert into later values ('written after the backup')`,
  );
});

const inPlace = { mode: 'in-place', targetDatabase: 'shop' } as const;
const rowsOf = async (table: string): Promise<number> =>
  (await scene.source.sql<{ rows: number }>('shop', `select count(*)::int as rows from ${table}`))[0]!.rows;

/** Holds a lock that the restore needs, until it is let go. */
async function holder(statement = 'select 1 from orders limit 1'): Promise<{ letGo(): Promise<void> }> {
  const client = postgres(scene.source.url('shop').reveal(), { max: 1, fetch_types: false });
  await client.unsafe('begin');
  await client.unsafe(statement);
  return {
    letGo: async () => {
      await client.unsafe('rollback').catch(() => undefined);
      await client.end({ timeout: 1 }).catch(() => undefined);
    },
  };
}

describe('over the live database', () => {
  test('a safety backup, everything of the backup, and nothing of what is not in it is gone', async () => {
    const preview = await scene.preview(backupId, inPlace);
    expect(preview).toMatchObject({ canStart: true, creates: [] });
    expect(preview.drops.map((line) => line.replace(/ \(.*/, '')).sort()).toEqual([
      'public.customers',
      'public.orders',
      'public.visits',
      'public.visits_2026',
      'public.visits_2026_one',
    ]);
    expect(preview.keeps).toContain('what is not in the backup: public.later');
    expect(preview.findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['safety-backup', 'disk']),
    );

    const id = await scene.start(backupId, inPlace);
    const restore = await scene.ended(id);
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: true, swap: null });
    expect(restore.checks.find(({ name }) => name === 'tables')).toMatchObject({
      verdict: 'PASSED',
      found: '6 tables, of which 1 is not in the backup and stays: public.later',
    });
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
    expect(await rowsOf('later')).toBe(1);
    expect(await scene.databases()).toEqual(['shop']);

    const safety = restore.safetyBackup!;
    expect(await seeBackup(scene.api.catalogue.raw, safety.id)).toMatchObject({
      status: 'COMPLETED',
      filename: safety.filename,
    });
    expect(safety.filename).toContain('_before_restore_');
    expect(await scene.actions(safety.id)).toEqual(['backup.create', 'backup.complete']);
    expect(await scene.actions(id)).toEqual(['restore.start', 'restore.complete']);

    // The way back.
    const back = await scene.ended(await scene.start(safety.id, inPlace));
    expect(back).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
    const left = join(scene.environment['HOLDFAST_DATA_DIR']!, 'verify');
    expect(existsSync(left) ? readdirSync(left).filter((name) => name.startsWith('restore-')) : []).toEqual(
      [],
    );
  });

  test('the schema alone empties the tables, and rows alone come back into them', async () => {
    const emptied = await scene.ended(await scene.start(backupId, { ...inPlace, schemaOnly: true }));
    expect(emptied).toMatchObject({ status: 'COMPLETED', error: null, proven: false });
    expect(await ordersOf(scene.source, 'shop')).toBe(0);
    const filled = await scene.ended(await scene.start(backupId, { ...inPlace, dataOnly: true }));
    expect(filled).toMatchObject({ status: 'COMPLETED', error: null, proven: false });
    expect(filled.checks.find(({ name }) => name === 'content:public.orders')).toMatchObject({
      verdict: 'PASSED',
    });
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
    expect(await problemOf(await scene.ask(backupId, { ...inPlace, dataOnly: true }))).toMatchObject({
      status: 409,
      detail: expect.stringContaining('public.orders') as string,
    });
  });
});

describe('the live database is as before', () => {
  test('where the name is not typed, and where it is another database', async () => {
    expect(await problemOf(await scene.ask(backupId, { ...inPlace, confirm: 'SHOP' }))).toMatchObject({
      code: 'invalid',
    });
    await scene.source.sql('postgres', 'create database other');
    const preview = await scene.preview(backupId, { ...inPlace, targetDatabase: 'other' });
    expect(preview.canStart).toBe(false);
    expect(preview.findings.find(({ name }) => name === 'mode')).toMatchObject({ state: 'BLOCKED' });
    await scene.source.sql('postgres', 'drop database other');
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });

  test('where something that the backup does not know is built on what it replaces', async () => {
    await scene.source.sql('shop', 'create view built as select id from orders');
    try {
      const restore = await scene.ended(await scene.start(backupId, inPlace));
      expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'restore_failed' }, proven: false });
      expect(restore.error?.message).toContain('shop is as it was before');
      expect(restore.error?.message).toContain(restore.safetyBackup!.filename);
      expect(await ordersOf(scene.source, 'shop')).toBe(40);
      expect(await rowsOf('built')).toBe(40);
    } finally {
      await scene.source.sql('shop', 'drop view if exists built');
    }
  });

  test('where the safety backup fails', async () => {
    // The dump waits for this one, and is cancelled there.
    const client = await holder('lock table later in access exclusive mode');
    const id = await scene.start(backupId, inPlace);
    await scene.until(id, ({ progress }) => progress?.phase === 'safety-backup');
    await expect
      .poll(
        () => scene.api.catalogue.raw`
          update backups set cancel_requested_at = now(), cancel_requested_by = 'somebody'
          where status = 'IN_PROGRESS' and worker_id is not null returning id`,
        { timeout: 20_000 },
      )
      .toHaveLength(1);
    const restore = await scene.ended(id);
    await client.letGo();
    expect(restore).toMatchObject({
      status: 'FAILED',
      safetyBackup: null,
      error: {
        code: 'restore_failed',
        message: 'the safety backup failed: cancelled by somebody; nothing was restored',
      },
    });
    expect(restore.log).not.toContain('restored in');
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });

  test('where it is cancelled while another client keeps it waiting', async () => {
    const client = await holder();
    const id = await scene.start(backupId, inPlace);
    await scene.until(id, ({ progress }) => progress?.phase === 'restoring');
    await scene.until(id, ({ log }) => log.includes('waiting for a lock that is held by'));
    // What others make meanwhile is no sign that it was restored.
    await scene.source.sql('shop', 'create table meanwhile (n integer)');
    await scene.act('cancel', id);
    const restore = await scene.ended(id);
    await client.letGo();
    await scene.source.sql('shop', 'drop table meanwhile');
    expect(restore).toMatchObject({ status: 'FAILED', error: { code: 'cancelled' } });
    expect(restore.error?.message).toContain('shop is as it was before');
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });

  test('where the worker is killed in the safety backup and in the transaction', async () => {
    const early = await holder('lock table later in access exclusive mode');
    const first = await scene.start(backupId, inPlace);
    await scene.until(first, ({ progress }) => progress?.phase === 'safety-backup');
    await killed();
    await early.letGo();
    worker = await scene.startWorker();
    expect(await scene.ended(first)).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' } });
    expect(await ordersOf(scene.source, 'shop')).toBe(40);

    const client = await holder();
    const second = await scene.start(backupId, inPlace);
    await worker.until('about to restore over the live database');
    await scene.until(second, ({ log }) => log.includes('waiting for a lock that is held by'));
    await killed();
    worker = await scene.startWorker();
    const before = await scene.ended(second);
    await client.letGo();
    expect(before).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' } });
    expect(before.log).toContain('it was not done: shop is as before');
    expect(before.safetyBackup).not.toBeNull();
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });
});

test('where the worker is killed after the transaction everything is restored, and nothing compared', async () => {
  const raw = scene.api.catalogue.raw;
  const another = await holder();
  const third = await scene.start(backupId, inPlace);
  await worker.until('about to restore over the live database');
  await scene.until(third, ({ log }) => log.includes('waiting for a lock that is held by'));
  const row = await raw.reserve();
  await row.unsafe(`begin; select 1 from restores where id = '${third}' for update`);
  await another.letGo();
  await worker.until('restored in');
  const gone = killed();
  await row.unsafe('rollback');
  row.release();
  await gone;
  worker = await scene.startWorker();
  const after = await scene.ended(third);
  expect(after).toMatchObject({ status: 'COMPLETED', error: null, proven: false });
  expect(after.log).toContain('everything was replaced');
  expect(after.checks.find(({ name }) => name === 'comparison')).toMatchObject({ verdict: 'UNKNOWN' });
  expect(await ordersOf(scene.source, 'shop')).toBe(2000);
});
