import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import type { Secret } from '#lib/core/secret.ts';
import { newestSettledDueAt } from '#db/queries/slot.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { tick } from '#worker/scheduler.ts';

let server: TestPostgres;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;

beforeAll(async () => {
  server = await startPostgres();
  catalogue = await createCatalogue(server);
  engine = await createEngine(catalogue, { BACKUP_SCHEDULE: '0 1 * * *', BACKUP_TIMEZONE: 'Europe/Berlin' });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await catalogue.raw`truncate slots, backup_copies, backups cascade`;
  await catalogue.raw`delete from pgboss.job`;
  await catalogue.raw`alter table audit_entries disable trigger user`;
  await catalogue.raw`delete from audit_entries where id > 0`;
  await catalogue.raw`alter table audit_entries enable trigger user`;
});

const backups = () =>
  catalogue.raw`select id, tiers::text[] as tiers, status, type from backups order by created_at`;
const finish = () => catalogue.raw`update backups set status = 'COMPLETED' where status = 'IN_PROGRESS'`;
const at = (text: string) => new Date(text);

test('the first start of an installation invents no missed slot', async () => {
  expect(await tick(engine, at('2026-11-18T09:00:00Z'))).toMatchObject({ taken: 'noted' });
  expect(await tick(engine, at('2026-11-18T23:59:59Z'))).toEqual({ taken: 'nothing' });
  expect(await backups()).toHaveLength(0);
});

test('a due slot makes row, audit entry and job in one go, once', async () => {
  await tick(engine, at('2026-11-18T09:00:00Z'));
  // 01:00 in Berlin.
  const taken = await tick(engine, at('2026-11-19T00:00:00Z'));
  expect(taken).toMatchObject({ taken: 'backup', dueAt: at('2026-11-19T00:00:00Z'), missedCount: 0 });
  expect(await tick(engine, at('2026-11-19T00:00:30Z'))).toEqual({ taken: 'nothing' });
  const rows = await backups();
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ status: 'IN_PROGRESS', type: 'DAILY', tiers: ['DAILY'] });
  const jobs = await catalogue.raw`select data from pgboss.job where name = 'backup'`;
  expect(jobs.map((job) => job['data'] as unknown)).toEqual([{ backupId: rows[0]?.['id'] as string }]);
  const audit = await catalogue.raw`select action, actor_kind, actor_id, subject_id from audit_entries`;
  expect(audit).toEqual([
    {
      action: 'backup.create',
      actor_kind: 'worker',
      actor_id: 'schedule',
      subject_id: rows[0]?.['id'] as string,
    },
  ]);
});

test('twenty workers that tick at once take one slot once', async () => {
  await tick(engine, at('2026-11-18T09:00:00Z'));
  const ticks = await Promise.all(Array.from({ length: 20 }, () => tick(engine, at('2026-11-19T00:00:05Z'))));
  expect(ticks.filter(({ taken }) => taken === 'backup')).toHaveLength(1);
  expect(await backups()).toHaveLength(1);
  expect(await catalogue.raw`select 1 from pgboss.job where name = 'backup'`).toHaveLength(1);
});

test('of the nights no worker lived through only the newest is caught up, the others are told of in one entry', async () => {
  await tick(engine, at('2026-11-18T09:00:00Z'));
  const taken = await tick(engine, at('2026-11-23T08:00:00Z'));
  expect(taken).toMatchObject({ taken: 'backup', dueAt: at('2026-11-23T00:00:00Z'), missedCount: 4 });
  expect(await backups()).toHaveLength(1);
  const audit = await catalogue.raw`select details from audit_entries where action = 'schedule.missed'`;
  expect(audit).toHaveLength(1);
  expect(audit[0]?.['details']).toMatchObject({
    count: 4,
    slots: [
      '2026-11-19T00:00:00.000Z',
      '2026-11-20T00:00:00.000Z',
      '2026-11-21T00:00:00.000Z',
      '2026-11-22T00:00:00.000Z',
    ],
  });
  await finish();
  expect(await tick(engine, at('2026-11-23T08:01:00Z'))).toEqual({ taken: 'nothing' });
});

test("Sunday's slot caught up on Monday is still Sunday's", async () => {
  await tick(engine, at('2026-11-21T09:00:00Z'));
  await tick(engine, at('2026-11-22T23:00:00Z'));
  expect(await backups()).toMatchObject([{ tiers: ['DAILY', 'WEEKLY'], type: 'DAILY' }]);
});

test('through both clock changes: one backup a local day', async () => {
  for (const [from, days] of [
    ['2026-03-27T12:00:00Z', 5],
    ['2026-10-23T12:00:00Z', 5],
  ] as const) {
    await catalogue.raw`truncate slots cascade`;
    const config = { ...engine.config, schedule: { ...engine.config.schedule, cron: '30 2 * * *' } };
    let taken = 0;
    for (let minute = 0; minute < days * 1440; minute += 10) {
      const result = await tick({ ...engine, config }, new Date(at(from).getTime() + minute * 60_000));
      if (result.taken !== 'backup') continue;
      taken += 1;
      await finish();
    }
    expect(taken).toBe(days);
  }
});

test('BACKUP_ENABLED=false schedules nothing, and switching it on again catches nothing up', async () => {
  await tick(engine, at('2026-11-18T09:00:00Z'));
  const off = { ...engine, config: parseConfig({ ...engine.environment, BACKUP_ENABLED: 'false' }) };
  expect(await tick(off, at('2026-11-20T09:00:00Z'))).toMatchObject({ taken: 'noted' });
  expect(await tick(engine, at('2026-11-20T09:01:00Z'))).toEqual({ taken: 'nothing' });
  expect(await backups()).toHaveLength(0);
  expect(await tick(engine, at('2026-11-21T00:00:00Z'))).toMatchObject({ taken: 'backup' });
});

test('another schedule invents no missed slot, and the old one goes on from where the new one stopped', async () => {
  await tick(engine, at('2026-11-18T09:00:00Z'));
  const changed = {
    ...engine,
    config: parseConfig({ ...engine.environment, BACKUP_SCHEDULE: '0 3 * * *' }),
  };
  expect(await tick(changed, at('2026-11-19T09:00:00Z'))).toMatchObject({ taken: 'noted' });
  expect(await tick(changed, at('2026-11-20T02:00:00Z'))).toMatchObject({ taken: 'backup' });
  await finish();
  expect(await tick(engine, at('2026-11-20T09:00:00Z'))).toEqual({ taken: 'nothing' });
});

test('a slot that comes while the one before still runs is noted, not piled up', async () => {
  await tick(engine, at('2026-11-18T09:00:00Z'));
  await tick(engine, at('2026-11-19T00:00:00Z'));
  expect(await tick(engine, at('2026-11-20T00:00:00Z'))).toMatchObject({ taken: 'noted' });
  expect(await backups()).toHaveLength(1);
  expect(
    await catalogue.raw`select details->>'reason' as reason from audit_entries where action = 'schedule.missed'`,
  ).toEqual([{ reason: 'the scheduled backup before was not finished' }]);
});

test('a clock that was far ahead for a moment does not stop the schedule, nor hide that a backup is overdue', async () => {
  await tick(engine, at('2025-11-18T09:00:00Z'));
  expect(await tick(engine, at('2099-11-18T09:00:00Z'))).toMatchObject({ taken: 'backup' });
  await finish();
  expect(await newestSettledDueAt(engine.db)).toEqual(at('2025-11-18T09:00:00Z'));
  expect(await tick(engine, at('2025-11-19T00:00:10Z'))).toMatchObject({
    taken: 'backup',
    dueAt: at('2025-11-19T00:00:00Z'),
  });
  expect(await newestSettledDueAt(engine.db)).toEqual(at('2025-11-19T00:00:00Z'));
});
