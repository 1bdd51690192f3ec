import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import type { Secret } from '#lib/core/secret.ts';
import { newestSettledDueAt } from '#db/queries/slot.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { claimRun } from '#db/queries/run.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { depsOfSource, depsOfSources } from '#lib/engine/source-deps.ts';
import { tick, tickSources, tickVerifications } from '#worker/scheduler.ts';

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
  await catalogue.raw`delete from sources where id <> ${ENVIRONMENT_SOURCE_ID}`;
  await catalogue.raw`delete from pgboss.job`;
  await catalogue.raw`alter table audit_entries disable trigger user`;
  await catalogue.raw`delete from audit_entries where id > 0`;
  await catalogue.raw`alter table audit_entries enable trigger user`;
});

const backups = () =>
  catalogue.raw`select id, tiers::text[] as tiers, status, type from backups order by created_at`;
const finish = () => catalogue.raw`update backups set status = 'COMPLETED' where status = 'IN_PROGRESS'`;
const at = (text: string) => new Date(text);

/** Adds a source that is due every half hour by the clock of New York, or whenever `cron` says. */
async function addSource(
  name: string,
  options: { readonly cron?: string | null; readonly verification?: object } = {},
): Promise<string> {
  const { cron = '*/30 * * * *', verification = null } = options;
  const schedule = cron === null ? null : { isEnabled: true, cron, timeZone: 'America/New_York' };
  const [row] = await catalogue.raw<{ id: string }[]>`
    insert into sources (name, host, port, "user", database, environment, file_prefix, schedule, verification)
    values (${name}, '127.0.0.1', 1, 'reader', ${name}, 'staging', ${name},
            ${schedule === null ? null : catalogue.raw.json(schedule)},
            ${verification === null ? null : catalogue.raw.json(verification as never)})
    returning id`;
  return row?.id ?? '';
}
/** Sources of the backups there are, in the order they were asked for. */
const sourcesOfBackups = async () => {
  const rows = await catalogue.raw`select source_id from backups order by created_at, source_id`;
  return rows.map((row) => row['source_id'] as string);
};

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

test('each source takes its own slots: one that still runs, or is new, holds no other', async () => {
  const stock = await addSource('stock');
  await tickSources(engine, at('2026-11-18T23:50:00Z'));
  expect(await backups(), 'both are new').toHaveLength(0);
  // Midnight UTC: 01:00 in Berlin for the environment's, a half hour in New York for the other.
  await tickSources(engine, at('2026-11-19T00:00:00Z'));
  expect((await sourcesOfBackups()).sort()).toEqual([ENVIRONMENT_SOURCE_ID, stock].sort());
  await catalogue.raw`update backups set status = 'COMPLETED' where source_id = ${stock}`;
  await tickSources(engine, at('2026-11-19T00:30:00Z'));
  expect(
    (await sourcesOfBackups()).filter((id) => id === stock),
    "the environment's still runs",
  ).toHaveLength(2);
  const ledger = await addSource('ledger');
  await tickSources(engine, at('2026-11-19T00:40:00Z'));
  expect(await sourcesOfBackups(), 'what a new one would have had was not missed').not.toContain(ledger);
  await tickSources(engine, at('2026-11-19T01:00:00Z'));
  expect(await sourcesOfBackups()).toContain(ledger);
  const files = await catalogue.raw`select filename from backups where source_id = ${ledger}`;
  expect(files).toEqual([{ filename: 'ledger_2026-11-19_01-00.dump.zst' }]);
});

test('slots that nobody took are caught up and told of for each source by itself', async () => {
  const stock = await addSource('stock');
  await tickSources(engine, at('2026-11-18T23:50:00Z'));
  await tickSources(engine, at('2026-11-20T00:10:00Z'));
  expect((await sourcesOfBackups()).sort(), 'the newest of each').toEqual(
    [ENVIRONMENT_SOURCE_ID, stock].sort(),
  );
  const missed = await catalogue.raw`
    select details ->> 'sourceId' as source, (details ->> 'count')::int as count from audit_entries
    where action = 'schedule.missed' order by count`;
  expect(missed).toEqual([
    { source: ENVIRONMENT_SOURCE_ID, count: 1 },
    { source: stock, count: 48 },
  ]);
});

test('a source without a schedule of its own follows the installation, and a disabled one catches nothing up', async () => {
  const stock = await addSource('stock', { cron: null });
  await tickSources(engine, at('2026-11-18T09:00:00Z'));
  await catalogue.raw`update sources set is_enabled = false where id = ${stock}`;
  await tickSources(engine, at('2026-11-20T09:00:00Z'));
  expect(await sourcesOfBackups()).toEqual([ENVIRONMENT_SOURCE_ID]);
  await finish();
  await catalogue.raw`update sources set is_enabled = true where id = ${stock}`;
  await tickSources(engine, at('2026-11-20T09:01:00Z'));
  expect(await sourcesOfBackups()).toEqual([ENVIRONMENT_SOURCE_ID]);
  await tickSources(engine, at('2026-11-21T00:00:00Z'));
  expect((await sourcesOfBackups()).slice(1).sort()).toEqual([ENVIRONMENT_SOURCE_ID, stock].sort());
});

test('twenty workers that tick at once take one slot of each source once', async () => {
  const stock = await addSource('stock');
  await tickSources(engine, at('2026-11-18T23:50:00Z'));
  await Promise.all(Array.from({ length: 20 }, () => tickSources(engine, at('2026-11-19T00:00:05Z'))));
  expect((await sourcesOfBackups()).sort()).toEqual([ENVIRONMENT_SOURCE_ID, stock].sort());
  expect(await catalogue.raw`select 1 from pgboss.job where name = 'backup'`).toHaveLength(2);
});

test('a schedule nobody can read any more keeps no other source waiting', async () => {
  await addSource('broken', { cron: 'not a cron' });
  const stock = await addSource('stock');
  await expect(tickSources(engine, at('2026-11-18T23:50:00Z'))).resolves.toBeUndefined();
  await expect(tickSources(engine, at('2026-11-19T00:00:00Z'))).rejects.toThrow();
  expect((await sourcesOfBackups()).sort()).toEqual([ENVIRONMENT_SOURCE_ID, stock].sort());
});

test('workers take backups of two sources at once, and of one source one after the other', async () => {
  const stock = await addSource('stock');
  const queue = async (source: string): Promise<string> => {
    const [row] = await catalogue.raw<{ id: string }[]>`
      insert into backups (source_id, filename, type, tiers, destinations)
      values (${source}, 'not-yet.dump', 'MANUAL', '{MANUAL}', '{local}') returning id`;
    return row?.id ?? '';
  };
  const claim = async (id: string) =>
    (await engine.db.transaction((tx) => claimRun(tx, id, crypto.randomUUID()))).state;
  const [first, second, other] = [await queue(stock), await queue(stock), await queue(ENVIRONMENT_SOURCE_ID)];
  expect(await claim(first)).toBe('claimed');
  expect(await claim(second)).toBe('busy');
  expect(await claim(other)).toBe('claimed');
  await catalogue.raw`update backups set status = 'COMPLETED' where id = ${first}`;
  expect(await claim(second)).toBe('claimed');
});

test('a backup that waits for its source holds no worker from another source', async () => {
  const stock = await addSource('stock');
  const queue = async (source: string, workerId: string | null): Promise<string> => {
    const [row] = await catalogue.raw<{ id: string }[]>`
      insert into backups (source_id, filename, type, tiers, destinations, worker_id, heartbeat_at)
      values (${source}, 'not-yet.dump', 'MANUAL', '{MANUAL}', '{local}', ${workerId}, now()) returning id`;
    return row?.id ?? '';
  };
  await queue(ENVIRONMENT_SOURCE_ID, crypto.randomUUID());
  const waiting = await queue(ENVIRONMENT_SOURCE_ID, null);
  const turn = new AbortController();
  const signals = { run: new AbortController().signal, turn: turn.signal };
  const alone = runBackup(engine, waiting, signals);
  await engine.clock.sleep(300);
  turn.abort(new Error('the worker is stopping'));
  await expect(alone, 'nobody else is there: it waits').rejects.toThrow('stopping');
  expect(await catalogue.raw`select 1 from pgboss.job where name = 'backup'`).toHaveLength(0);
  await queue(stock, null);
  expect(await runBackup(engine, waiting, { ...signals, turn: new AbortController().signal })).toBe('gone');
  const jobs = await catalogue.raw`select data from pgboss.job where name = 'backup'`;
  expect(jobs.map((job) => job['data'] as unknown)).toEqual([{ backupId: waiting }]);
  const rows = await catalogue.raw`select status, worker_id from backups where id = ${waiting}`;
  expect(rows).toEqual([{ status: 'IN_PROGRESS', worker_id: null }]);
});

test('the proofs of one source keep no other from its own, and each follows its own policy', async () => {
  const busy = await addSource('busy', { verification: { ...DEFAULT_VERIFICATION_POLICY, scrubDays: 1 } });
  const weekly = await addSource('weekly', {
    verification: { ...DEFAULT_VERIFICATION_POLICY, restore: 'weekly' },
  });
  const off = await addSource('off', {
    verification: {
      ...DEFAULT_VERIFICATION_POLICY,
      restore: 'off',
      provesNewestMonthly: false,
      scrubDays: 0,
    },
  });
  const complete = async (source: string, count: number): Promise<void> => {
    await catalogue.raw`
      with made as (
        insert into backups (source_id, filename, type, tiers, destinations, status, created_at)
        select ${source}, 'x' || n, 'DAILY', '{DAILY}', '{local}', 'COMPLETED', now() - make_interval(days => 40 + n)
        from generate_series(1, ${count}) n returning id, created_at)
      insert into backup_copies (backup_id, destination, key, status, created_at)
      select id, 'local', id::text, 'STORED', created_at from made`;
  };
  await complete(busy, 30);
  await complete(weekly, 3);
  await complete(off, 1);
  const asked: string[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    // Late copies are read once an hour.
    const due = await tickVerifications(engine, new Date(Date.now() + turn * 2 * 3_600_000));
    if (due === null) break;
    const [row] = await catalogue.raw<
      { source_id: string }[]
    >`select source_id from backups where id = ${due.backupId}`;
    const [entry] = await catalogue.raw`
      select details ->> 'sourceId' as "sourceId" from audit_entries
      where action = 'verification.start' and details ->> 'verificationId' = ${due.id}`;
    expect(entry).toEqual({ sourceId: row?.source_id });
    asked.push(
      `${row?.source_id === busy ? 'busy' : row?.source_id === weekly ? 'weekly' : 'other'} ${due.cause}`,
    );
    await catalogue.raw`update verifications set status = 'PASSED', finished_at = now() where id = ${due.id}`;
  }
  expect(asked.slice(0, 2).sort()).toEqual(['busy after-backup', 'weekly weekly']);
  expect(asked.slice(2).sort(), 'each in its turn').toEqual([
    'busy scrub',
    'busy scrub',
    'weekly scrub',
    'weekly scrub',
  ]);
  expect(asked.filter((one) => one.startsWith('other'))).toEqual([]);
});

test("one source's choices never become another's", async () => {
  const stock = await addSource('stock');
  const ledger = await addSource('ledger');
  const of = await depsOfSource(engine, stock);
  expect(of.config.source.database).toBe('stock');
  expect(await depsOfSource(of, stock)).toBe(of);
  await expect(depsOfSource(of, ledger)).rejects.toThrow('another');
  expect((await depsOfSources(engine)).map(({ config }) => config.filePrefix)).toEqual([
    'ims_backup',
    'ledger',
    'stock',
  ]);
});
