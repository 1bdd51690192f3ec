import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { problemOf } from '#tests/support/api.ts';
import { openTablesTarget } from '#lib/sources/registry.ts';
import { postgresBinDir } from '#tests/support/postgres.ts';
import { startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import type { WorkerProcess } from '#tests/support/worker.ts';

let scene: RestoreApi;
let worker: WorkerProcess;
let backupId: string;

/** Beside the shop's orders and customers: what makes tables hard to bring back. */
const SHAPE = `
  alter table orders add column label text generated always as ('order ' || id::text) stored;
  create materialized view order_counts as select state, count(*) as orders from orders group by state;
  create table seen (what text);
  create function note() returns trigger language plpgsql as $$ begin insert into public.seen values (tg_op); return null; end $$;
  create trigger noted after insert or update or delete on orders for each row execute function note();
  alter table orders enable always trigger noted;
  create schema "Odd ""place";
  create table "Odd ""place"."Ünï tab'le" ("a ""b" integer primary key, "Käse" text, "at" timestamptz default now());
  insert into "Odd ""place"."Ünï tab'le"
    select n, e'Gou\\tda\\n' || n, '2026-01-01'::timestamptz + n * interval '1 h' from generate_series(1, 30) n;
  create type mood as enum ('sad', 'ok');
  create table days (on_day date primary key, feels mood) partition by range (on_day);
  create table days_2025 partition of days for values from ('2025-01-01') to ('2026-01-01');
  create table days_2026 partition of days for values from ('2026-01-01') to ('2027-01-01');
  insert into days select '2025-12-01'::date + n, 'ok' from generate_series(0, 59) n;
  create table plain (what text);
  insert into plain values ('one'), ('two'), (null);`;
const ODD = `Odd "place.Ünï tab'le`;
const ODD_SQL = `"Odd ""place"."Ünï tab'le"`;

const db = <Row extends object = Record<string, unknown>>(text: string) =>
  scene.source.sql<Row>('shop', text);

beforeAll(async () => {
  scene = await startRestoreApi();
  worker = await scene.startWorker();
  await db(SHAPE);
  backupId = await scene.backUp();
  await scene.source.sql('postgres', 'create database fresh template shop');
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await scene.source.sql('postgres', 'drop database shop with (force)');
  await scene.source.sql('postgres', 'create database shop template fresh');
});

/** Every row of every table and view, every sequence, and every trigger. */
const everything = async (): Promise<string> => {
  const tables = await db<{ name: string; sequence: boolean }>(
    `select format('%I.%I', n.nspname, c.relname) as name, c.relkind = 'S' as sequence from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1`,
  );
  const found: string[] = [];
  for (const { name, sequence } of tables) {
    const [row] = await db<{ all: string | null }>(
      sequence
        ? `select concat(last_value, ' ', is_called) as all from ${name}`
        : `select string_agg(t::text, ';' order by t::text) as all from ${name} t`,
    );
    found.push(`${name}: ${row!.all ?? ''}`);
  }
  const triggers = await db<{ name: string; how: string }>(
    `select tgname as name, tgenabled::text as how from pg_trigger where not tgisinternal order by 1`,
  );
  return [...found, ...triggers.map(({ name, how }) => `${name} ${how}`)].join('\n');
};
const count = async (from: string): Promise<number> =>
  (await db<{ n: number }>(`select count(*)::int as n from ${from}`))[0]!.n;

const plan = (tables: readonly string[], tablesInto: string) =>
  ({ mode: 'tables', tables, tablesInto, targetDatabase: 'shop' }) as const;
const run = async (tables: readonly string[], tablesInto: string) =>
  scene.ended(await scene.start(backupId, plan(tables, tablesInto)));
const findingOf = async (tables: readonly string[], tablesInto: string, name: string) => {
  const { findings } = await scene.preview(backupId, plan(tables, tablesInto));
  return findings.find((finding) => finding.name === name);
};

describe('replace', () => {
  test('rows are as in the backup, the old ones are kept, no trigger fires, the sequence goes on', async () => {
    await db(`delete from orders where id > 40; update orders set state = 'lost'; truncate seen;
      alter table orders add column comment text default 'new'; refresh materialized view order_counts`);
    const customers = await db('select * from customers order by id');
    const preview = await scene.preview(backupId, plan(['orders'], 'replace'));
    expect(preview).toMatchObject({ canStart: true, drops: [] });
    expect(preview.replaces[0]).toMatch(/^public\.orders: 2,000 rows in place of /);
    expect(preview.keeps[0]).toContain('before_<time>');
    const said = Object.fromEntries(preview.findings.map(({ name, detail }) => [name, detail]));
    expect(said['columns']).toContain('get their default: comment');
    expect(said['triggers']).toContain('public.orders.noted');
    expect(said['views']).toContain('public.open_orders');
    expect(said['materialized-views']).toContain('public.order_counts');
    expect(said['sequences']).toContain('public.orders_id_seq');

    const restore = await run(['orders'], 'replace');
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: true, copyDatabase: null });
    expect(await count(`orders where state = 'open' and label = 'order ' || id and comment = 'new'`)).toBe(
      2000,
    );
    expect(await count('seen')).toBe(0);
    expect(await db('select * from customers order by id')).toEqual(customers);
    expect(await db('select state, orders::int from order_counts')).toEqual([
      { state: 'open', orders: 2000 },
    ]);
    const kept = restore.sideSchema!;
    expect(kept).toMatch(/^before_\d{14}$/);
    expect(await count(`${kept}.orders where state = 'lost'`)).toBe(40);
    expect(restore.checks.find(({ name }) => name === 'brought:public.orders')).toMatchObject({
      verdict: 'PASSED',
      found: `2,000 rows; 40 rows from before kept in ${kept}.orders`,
    });
    expect(await db(`insert into orders (customer_id, state) values (1, 'x') returning id`)).toEqual([
      { id: 2001 },
    ]);
    // It fires always, as before.
    expect(await count('seen')).toBe(1);
    expect(await count(`pg_trigger where tgname = 'noted' and tgenabled = 'A'`)).toBe(1);
    expect(await count(`pg_namespace where nspname like 'restored_%'`)).toBe(0);
    expect(await scene.databases()).toEqual(['fresh', 'shop']);
  });

  test('names with quotes, blanks and Unicode, and a partitioned table with its partitions', async () => {
    const odd = await db(`select * from ${ODD_SQL} order by 1`);
    const days = await db('select tableoid::regclass::text, * from days order by on_day');
    await db(
      `delete from ${ODD_SQL} where "a ""b" > 3; delete from days_2026; update days set feels = 'sad'`,
    );
    const restore = await run([ODD, 'public.days'], 'replace');
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null });
    expect(await db(`select * from ${ODD_SQL} order by 1`)).toEqual(odd);
    expect(await db('select tableoid::regclass::text, * from days order by on_day')).toEqual(days);
    expect(await count(`${restore.sideSchema!}.days where feels = 'sad'`)).toBe(31);
    expect(await count(`${restore.sideSchema!}."Ünï tab'le"`)).toBe(3);
  });

  test('a table that was dropped is made again, with what was built on it', async () => {
    const [before] = await db<{ print: string }>(
      `select string_agg(o::text, ';' order by id) as print from orders o`,
    );
    await db('drop table orders cascade');
    expect(await findingOf(['orders'], 'replace', 'missing-tables')).toMatchObject({
      state: 'WARNING',
      detail: expect.stringContaining('public.orders') as string,
    });
    const restore = await run(['orders'], 'replace');
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null });
    expect(await db(`select string_agg(o::text, ';' order by id) as print from orders o`)).toEqual([before]);
    expect(await count('open_orders')).toBe(2000);
    expect(await count(`pg_constraint where conrelid = 'orders'::regclass and contype in ('p', 'f')`)).toBe(
      2,
    );
    expect(await count(`pg_indexes where indexname = 'orders_state'`)).toBe(1);
    expect(
      await db(`select pg_get_userbyid(relowner) as owner from pg_class where relname = 'orders'`),
    ).toEqual([{ owner: 'seller' }]);
    await db(`insert into orders (customer_id, state) values (1, 'x')`);
    expect(await count('orders where id = 2001')).toBe(1);
    await expect(db(`insert into orders (customer_id, state) values (999, 'x')`)).rejects.toThrow(
      /foreign key/,
    );
  });

  test('rows that would point at nothing: everything is as before; both sides together come back', async () => {
    // The backup's orders name customers that are gone; and the backup's customers lack one that live orders name.
    await db(`delete from orders where customer_id > 100; delete from customers where id > 100`);
    const before = await everything();
    const failed = await run(['orders'], 'replace');
    expect(failed).toMatchObject({
      status: 'FAILED',
      copyDatabase: null,
      sideSchema: null,
      error: {
        code: 'conflict',
        message: 'rows would point at nothing: 1000 rows of public.orders (orders_customer_id_fkey)',
      },
    });
    expect(await everything()).toBe(before);

    await db(
      `insert into customers (name) values ('late'); insert into orders (customer_id, state) select max(id), 'x' from customers`,
    );
    const between = await everything();
    const other = await run(['customers'], 'replace');
    expect(other.error).toMatchObject({ code: 'conflict' });
    expect(other.error!.message).toContain('orders_customer_id_fkey');
    expect(await everything()).toBe(between);

    expect(await run(['customers', 'orders'], 'replace')).toMatchObject({ status: 'COMPLETED', error: null });
    expect([await count('customers'), await count('orders')]).toEqual([200, 2000]);
    // Never back: 201 was given out.
    expect(await db(`insert into customers (name) values ('next') returning id`)).toEqual([{ id: 202 }]);
  });

  test('a type that is another stops it, and a live rule too; live rows are as before', async () => {
    await db(`alter table plain alter what type varchar(10)`);
    expect(await findingOf(['plain'], 'replace', 'columns')).toMatchObject({ state: 'WARNING' });
    let before = await everything();
    expect((await run(['plain'], 'replace')).error).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('what is text in the backup and character varying(10) live') as string,
    });
    expect(await everything()).toBe(before);
    await db(
      `alter table plain alter what type text; delete from plain where what is null; alter table plain alter what set not null`,
    );
    before = await everything();
    expect((await run(['plain'], 'replace')).error).toMatchObject({ code: 'conflict' });
    expect(await everything()).toBe(before);
  });
});

describe('a side schema', () => {
  test('holds the tables as the backup has them; nothing live is touched', async () => {
    await db(`delete from orders where id > 40; drop type mood cascade`);
    const before = await everything();
    const preview = await scene.preview(backupId, plan(['orders', 'days', ODD], 'side-schema'));
    expect(preview).toMatchObject({
      canStart: true,
      replaces: [],
      drops: [],
      keeps: ['every live table as it is'],
    });
    const restore = await run(['orders', 'days', ODD], 'side-schema');
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    const side = restore.sideSchema!;
    expect(side).toMatch(/^restored_\d{14}$/);
    expect(await count(`${side}.orders where label = 'order ' || id`)).toBe(2000);
    // The type is gone: its values are text.
    expect(await count(`${side}.days where feels = 'ok'::text`)).toBe(60);
    expect(await count(`${side}."Ünï tab'le"`)).toBe(30);
    await db(`drop schema ${side} cascade`);
    expect(await everything()).toBe(before);
  });
});

describe('append', () => {
  test('adds what is not there, keeps live rows, says how many', async () => {
    await db(`delete from orders where id between 11 and 30; update orders set state = 'paid' where id = 1;
      insert into orders (customer_id, state) values (5, 'late'); truncate seen; delete from days_2026`);
    const restore = await run(['orders', 'days'], 'append');
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    expect(await count('orders')).toBe(2001);
    expect(await count(`orders where state = 'paid' and id = 1 or state = 'late' and id = 2001`)).toBe(2);
    expect(await count('seen')).toBe(0);
    expect(await count('days')).toBe(60);
    const added = restore.sideSchema!;
    expect(await db(`select min(id), max(id), count(*)::int from ${added}.orders`)).toEqual([
      { min: 11, max: 30, count: 20 },
    ]);
    expect(restore.checks.find(({ name }) => name === 'brought:public.orders')?.found).toBe(
      `20 rows added, 1,980 rows there already; the keys of those added are in ${added}.orders`,
    );
    expect(await db(`insert into orders (customer_id, state) values (1, 'x') returning id`)).toEqual([
      { id: 2002 },
    ]);
  });

  test('a table without a key is refused', async () => {
    expect(await findingOf(['plain'], 'append', 'row-key')).toMatchObject({ state: 'BLOCKED' });
    expect(await problemOf(await scene.ask(backupId, plan(['plain'], 'append')))).toMatchObject({
      status: 409,
      code: 'conflict',
    });
  });
});

test('what cannot be done is said beforehand', async () => {
  expect(await findingOf(['orders', 'nothing'], 'replace', 'tables')).toMatchObject({
    state: 'BLOCKED',
    detail: 'the backup holds no table nothing',
  });
  await db(
    'alter table orders drop column label; alter table plain add column must text not null default 1; alter table plain alter must drop default',
  );
  expect(await findingOf(['orders'], 'replace', 'columns')).toMatchObject({
    state: 'BLOCKED',
    detail: 'public.orders has no column label any more',
  });
  expect(await findingOf(['plain'], 'replace', 'columns')).toMatchObject({
    state: 'BLOCKED',
    detail: expect.stringContaining('needs a value for must') as string,
  });
  expect(await findingOf(['plain'], 'side-schema', 'columns')).toBeUndefined();
  expect(
    await problemOf(await scene.ask(backupId, { ...plan(['plain'], 'replace'), schemaOnly: true })),
  ).toMatchObject({
    status: 422,
  });
});

test('a user who may not silence keys: triggers are switched off one by one, and a table that others point at is refused', async () => {
  const { config, clock, log } = scene.api.backend;
  await scene.source.sql('postgres', `create role keeper login password 'postgres'`);
  await db(`alter table orders owner to keeper; alter table customers owner to keeper;
    alter materialized view order_counts owner to keeper; grant create on database shop to keeper`);
  await scene.source.sql('postgres', 'create database copied template shop');
  await db('delete from orders where id > 40; truncate seen');
  const target = openTablesTarget({ ...config, source: { ...config.source, user: 'keeper' } });
  const ctx = { signal: new AbortController().signal, clock, log };
  const bring = async (name: string): Promise<void> => {
    const order = {
      id: randomUUID(),
      copy: 'copied',
      live: 'shop',
      into: 'replace',
      sideSchema: `restored_${name}`,
      keepSchema: `before_${name}`,
      tables: [{ schema: 'public', name, sideName: name }],
      program: join(postgresBinDir(), 'pg_restore'),
    } as const;
    const nothing = () => undefined;
    await target.stage(ctx, order, nothing);
    try {
      await target.bring(ctx, order, () => Promise.reject(new Error('nothing is missing')), nothing, nothing);
    } finally {
      expect((await target.settle(ctx, order)).isDone).toBe(name === 'orders');
    }
  };
  expect((await target.look(ctx, 'shop', [{ schema: 'public', name: 'orders' }])).maySilence).toBe(false);
  await bring('orders');
  expect([await count('orders'), await count('before_orders.orders'), await count('seen')]).toEqual([
    2000, 40, 0,
  ]);
  expect(await count(`pg_trigger where tgname = 'noted' and tgenabled = 'A'`)).toBe(1);
  const before = await everything();
  await expect(bring('customers')).rejects.toMatchObject({
    code: 'conflict',
    message: 'public.orders.orders_customer_id_fkey would act while public.customers is replaced',
  });
  expect(await everything()).toBe(before);
  await scene.source.sql('postgres', 'drop database copied with (force)');
});

test('cancelled or killed while it waits in its transaction: live tables are as before; killed after it: they are the restored ones', async () => {
  await db('delete from orders where id > 40');
  const before = await everything();
  const reader = postgres(scene.source.url('shop').reveal(), { max: 1, fetch_types: false });
  const hold = async () => {
    await reader.unsafe('begin');
    await reader.unsafe('select 1 from orders where id = 1 for share');
  };
  /** The transaction has begun: it waits for the lock. */
  const waiting = () =>
    expect
      .poll(
        () =>
          count(
            `pg_stat_activity where application_name like 'holdfast-tables %' and wait_event_type = 'Lock'`,
          ),
        {
          timeout: 60_000,
        },
      )
      .toBe(1);
  try {
    await hold();
    const cancelled = await scene.start(backupId, plan(['orders'], 'replace'));
    await waiting();
    expect((await scene.act('cancel', cancelled)).status).toBe(202);
    expect(await scene.ended(cancelled)).toMatchObject({
      status: 'FAILED',
      error: { code: 'cancelled' },
      copyDatabase: null,
    });
    expect(await everything()).toBe(before);

    const killed = await scene.start(backupId, plan(['orders'], 'replace'));
    await waiting();
    expect(await problemOf(await scene.ask(backupId, plan(['plain'], 'replace')))).toMatchObject({
      code: 'locked',
    });
    await worker.kill('SIGKILL');
    worker = await scene.startWorker();
    const mended = await scene.ended(killed);
    expect(mended).toMatchObject({ status: 'FAILED', error: { code: 'interrupted' }, copyDatabase: null });
    expect(mended.log).toContain('it was not done: shop is as before');
    await reader.unsafe('rollback');
    expect(await everything()).toBe(before);

    // Its last word cannot be written while somebody holds its row.
    await hold();
    const done = await scene.start(backupId, plan(['orders'], 'replace'));
    await waiting();
    const holder = await scene.api.catalogue.raw.reserve();
    await holder.unsafe('begin');
    await holder.unsafe(`select 1 from restores where id = '${done}' for update`);
    await reader.unsafe('rollback');
    await expect.poll(() => count('orders'), { timeout: 60_000 }).toBe(2000);
    await worker.kill('SIGKILL');
    await holder.unsafe('rollback');
    holder.release();
    worker = await scene.startWorker();
    const finished = await scene.ended(done);
    expect(finished).toMatchObject({ status: 'COMPLETED', error: null, copyDatabase: null });
    expect(finished.log).toContain('shows that the tables were brought in');
    expect(await count(`${finished.sideSchema!}.orders`)).toBe(40);
    expect(await scene.databases()).toEqual(['fresh', 'shop']);
  } finally {
    await reader.end({ timeout: 1 });
  }
}, 240_000);
