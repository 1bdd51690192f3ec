import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { problemOf } from '#tests/support/api.ts';
import { startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import type { WorkerProcess } from '#tests/support/worker.ts';

let scene: RestoreApi;
let worker: WorkerProcess;
let backupId: string;

const SHAPE = `
  alter table orders add column label text generated always as ('order ' || id::text) stored;
  create materialized view order_counts as select state, count(*) as orders from orders group by state;
  create table seen (what text);
  create function note() returns trigger language plpgsql as $$ begin insert into public.seen values (tg_op); return null; end $$;
  create trigger noted after insert or update or delete on orders for each row execute function note();
  alter table orders enable always trigger noted;
  create schema "Odd ""place";
  create table "Odd ""place"."Ünï tab'le" ("a ""b" integer primary key, "Käse" text);
  insert into "Odd ""place"."Ünï tab'le" select n, e'Gou\\tda' || n from generate_series(1, 30) n;
  create table days (on_day date primary key) partition by range (on_day);
  create table days_2025 partition of days for values from ('2025-01-01') to ('2026-01-01');
  create table days_2026 partition of days for values from ('2026-01-01') to ('2027-01-01');
  insert into days select '2025-12-01'::date + n from generate_series(0, 59) n;`;
const ODD = `Odd "place.Ünï tab'le`;
const ODD_SQL = `"Odd ""place"."Ünï tab'le"`;
/** What happened after the backup; the rows that an undo must bring back. */
const ACCIDENT = `delete from orders where id > 40; update orders set state = 'late' where id < 10;
  insert into customers (name) values ('new here'); insert into orders (customer_id, state) values (201, 'new');
  delete from ${ODD_SQL} where "a ""b" > 3; delete from days where on_day > '2025-12-31';
  truncate seen; refresh materialized view order_counts`;
const TABLES = ['orders', ODD, 'public.days'];

const db = <Row extends object = Record<string, unknown>>(text: string) =>
  scene.source.sql<Row>('shop', text);
const count = async (from: string): Promise<number> =>
  (await db<{ n: number }>(`select count(*)::int as n from ${from}`))[0]!.n;
const schemas = async (): Promise<readonly string[]> =>
  (
    await db<{ name: string }>(
      `select nspname as name from pg_namespace where nspname ~ '^(before|restored|undone)_' order by 1`,
    )
  ).map(({ name }) => name);

beforeAll(async () => {
  scene = await startRestoreApi();
  worker = await scene.startWorker();
  await db(SHAPE);
  backupId = await scene.backUp();
  await db(ACCIDENT);
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

/** Every row of every table and view of the application, and every trigger. */
const everything = async (): Promise<string> => {
  const tables = await db<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname !~ '^(pg_|before_|undone_)' and n.nspname <> 'information_schema' order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await db<{ all: string | null }>(
      `select string_agg(t::text, ';' order by t::text) as all from ${name} t`,
    );
    found.push(`${name}: ${row!.all ?? ''}`);
  }
  const triggers = await db<{ name: string }>(
    `select concat(tgname, ' ', tgenabled) as name from pg_trigger where not tgisinternal order by 1`,
  );
  return [...found, ...triggers.map(({ name }) => name)].join('\n');
};

const replace = async (tables: readonly string[]): Promise<string> => {
  const id = await scene.start(backupId, {
    mode: 'tables',
    tables,
    tablesInto: 'replace',
    targetDatabase: 'shop',
  });
  const restore = await scene.ended(id);
  expect(restore).toMatchObject({
    status: 'COMPLETED',
    error: null,
    tablesUndo: { canUndo: true, undoneAt: null, changed: [] },
  });
  return id;
};
const ask = (id: string, more: object = {}) =>
  scene.act('undo', id, 'shop', { reason: 'the wrong day', ...more });
const undo = async (id: string, more: object = {}) => {
  expect((await ask(id, more)).status).toBe(202);
  return scene.ended(id);
};

describe('undo', () => {
  test('the rows from before are back with all that hangs on them, and what was restored is kept', async () => {
    const before = await everything();
    const id = await replace(TABLES);
    const restored = await everything();
    expect(restored).not.toBe(before);
    const [kept] = await schemas();

    const undone = await undo(id);
    expect(undone).toMatchObject({ status: 'COMPLETED', error: null, proven: true });
    expect(undone.tablesUndo).toMatchObject({ canUndo: false, changed: [] });
    expect(undone.tablesUndo!.undoneAt).not.toBeNull();
    expect(await everything()).toBe(before);
    expect(await db('select state, orders::int from order_counts order by 1')).toEqual([
      { state: 'late', orders: 9 },
      { state: 'new', orders: 1 },
      { state: 'open', orders: 31 },
    ]);
    // Past every number that was ever given out, and the trigger acts as before.
    expect(await db(`insert into orders (customer_id, state) values (1, 'x') returning id, label`)).toEqual([
      { id: 2002, label: 'order 2002' },
    ]);
    expect(await count('seen')).toBe(1);
    await expect(db(`insert into orders (customer_id, state) values (999, 'x')`)).rejects.toThrow(
      /foreign key/,
    );

    expect(await schemas()).toEqual([undone.sideSchema]);
    expect(kept).not.toBe(undone.sideSchema);
    expect(undone.sideSchema).toMatch(/^undone_\d{14}$/);
    expect(await count(`${undone.sideSchema!}.orders where state = 'open'`)).toBe(2000);
    expect(await count(`${undone.sideSchema!}.days`)).toBe(60);
    expect(undone.log).toContain(
      'public.orders: 41 rows from before are back; 2,000 rows that stood there kept',
    );
    expect(await scene.actions(id)).toEqual([
      'restore.start',
      'restore.complete',
      'restore.request-undo',
      'restore.undo',
    ]);
    expect(await problemOf(await ask(id))).toMatchObject({ code: 'conflict' });
  });

  test('rows that were written since stop it, are named, and are kept once that is accepted', async () => {
    const before = await everything();
    const id = await replace(TABLES);
    await db(
      `insert into orders (customer_id, state) values (7, 'since'); update days set on_day = '2026-12-31' where on_day = '2025-12-01'`,
    );
    const live = await everything();

    const refused = await undo(id);
    expect(refused).toMatchObject({
      status: 'COMPLETED',
      error: {
        code: 'target_changed',
        message: 'rows were written since this restore: public.days, public.orders',
      },
      tablesUndo: {
        canUndo: true,
        undoneAt: null,
        changed: [
          { table: 'public.days', left: '60 rows', now: '60 rows, not the same ones' },
          { table: 'public.orders', left: '2,000 rows', now: '2,001 rows' },
        ],
      },
    });
    expect(await everything()).toBe(live);
    expect(await schemas()).toEqual([refused.sideSchema]);

    const undone = await undo(id, { acceptsChanges: true });
    expect(undone).toMatchObject({ error: null, tablesUndo: { canUndo: false, changed: [] } });
    expect(undone.checks.filter(({ name }) => name.startsWith('changed:'))).toEqual([]);
    // The trigger noted the row that was written since; nothing else is different.
    await db('truncate seen');
    expect(await everything()).toBe(before);
    expect(await count(`${undone.sideSchema!}.orders where state = 'since'`)).toBe(1);
  });

  test('rows that would point at nothing, or a table that is another now: nothing is touched, and it can be asked again', async () => {
    const id = await replace(['orders']);
    // An order from before names this customer.
    await db('delete from customers where id = 201');
    const live = await everything();
    const orphaned = await undo(id);
    expect(orphaned.error).toMatchObject({
      code: 'conflict',
      message: 'rows would point at nothing: 1 row of public.orders (orders_customer_id_fkey)',
      hint: expect.stringContaining(orphaned.sideSchema!) as string,
    });
    expect(await everything()).toBe(live);

    await db(`insert into customers (id, name) overriding system value values (201, 'back');
      alter table orders add column must text not null default 'x'; alter table orders alter must drop default`);
    expect((await undo(id, { acceptsChanges: true })).error).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('the live column must needs a value') as string,
    });
    await db('alter table orders drop column must');
    expect(await undo(id, { acceptsChanges: true })).toMatchObject({ error: null });
    expect(await count('orders')).toBe(41);
  });

  test('what was kept is gone, as a whole or in part: said, and not offered any more', async () => {
    const id = await replace(['orders', 'public.days']);
    const live = await everything();
    const [kept] = await schemas();
    await db(`drop table ${kept!}.days`);
    const partly = await undo(id);
    expect(partly).toMatchObject({
      error: { code: 'object_missing', message: expect.stringContaining('every table') as string },
      tablesUndo: { canUndo: false },
    });
    expect(await everything()).toBe(live);
    expect(await problemOf(await ask(id))).toMatchObject({
      status: 409,
      code: 'conflict',
    });
  });

  test('a table that was not there before stays, and there is no undo of that alone', async () => {
    await db('drop table days');
    const id = await replace(['orders', 'public.days']);
    const undone = await undo(id);
    expect(undone).toMatchObject({ error: null, tablesUndo: { canUndo: false } });
    expect([await count('orders'), await count('days')]).toEqual([41, 60]);
    expect(await count(`pg_tables where schemaname = '${undone.sideSchema!}'`)).toBe(1);

    await db('drop table days');
    const alone = await undo(await replace(['public.days']));
    expect(alone).toMatchObject({
      error: { code: 'object_missing', message: expect.stringContaining('holds no rows') as string },
      tablesUndo: { canUndo: false, undoneAt: null },
    });
    expect(await count('days')).toBe(60);
  });

  test('what people built on the kept rows keeps them; the undo is done', async () => {
    const before = await everything();
    const id = await replace(['orders']);
    const [kept] = await schemas();
    await db(`create view mine as select * from ${kept!}.orders`);
    const undone = await undo(id);
    expect(undone).toMatchObject({ error: null, sideSchema: expect.stringMatching(/^undone_/) as string });
    expect(undone.log).toContain(`the schema ${kept!} stays`);
    expect(await count('mine')).toBe(41);
    await db('drop view mine');
    expect(await everything()).toBe(before);
  });

  test('rows beside the live ones or added to them are no replacement; a wrong name and production without a reason are refused', async () => {
    const id = await scene.start(backupId, {
      mode: 'tables',
      tables: ['orders'],
      tablesInto: 'append',
      targetDatabase: 'shop',
    });
    expect(await scene.ended(id)).toMatchObject({ status: 'COMPLETED', tablesUndo: null });
    expect(await problemOf(await ask(id))).toMatchObject({ code: 'conflict' });

    const replaced = await replace(['orders']);
    expect(await problemOf(await scene.act('undo', replaced, 'shop2'))).toMatchObject({
      status: 422,
      code: 'invalid',
    });
    // Production asks why, as for the restore itself.
    expect(await problemOf(await ask(replaced, { reason: '  ' }))).toMatchObject({
      status: 422,
      detail: 'reason: is needed where the target is marked production',
    });
    await scene.api.catalogue.raw`update restores set environment = 'staging' where id = ${replaced}`;
    expect(await undo(replaced, { reason: '' })).toMatchObject({ error: null });
  });
});

test('cancelled or killed while it waits in its transaction: as the restore left it; killed after it: undone', async () => {
  const before = await everything();
  const id = await replace(['orders']);
  const restored = await everything();
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
        { timeout: 60_000 },
      )
      .toBe(1);
  try {
    await hold();
    expect((await ask(id)).status).toBe(202);
    await waiting();
    expect((await scene.act('cancel', id)).status).toBe(202);
    expect(await scene.ended(id)).toMatchObject({
      status: 'COMPLETED',
      error: { code: 'cancelled' },
      tablesUndo: { canUndo: true },
    });
    expect(await everything()).toBe(restored);

    expect((await ask(id)).status).toBe(202);
    await waiting();
    await worker.kill('SIGKILL');
    worker = await scene.startWorker();
    const mended = await scene.ended(id);
    expect(mended).toMatchObject({
      status: 'COMPLETED',
      error: { code: 'interrupted' },
      tablesUndo: { canUndo: true, undoneAt: null },
    });
    expect(mended.log).toContain('the undo was not done: the tables are as the restore left them');
    await reader.unsafe('rollback');
    expect(await everything()).toBe(restored);

    // Its last word cannot be written while somebody holds its row.
    await hold();
    expect((await ask(id)).status).toBe(202);
    await waiting();
    const holder = await scene.api.catalogue.raw.reserve();
    await holder.unsafe('begin');
    await holder.unsafe(`select 1 from restores where id = '${id}' for update`);
    await reader.unsafe('rollback');
    await expect.poll(() => count('orders'), { timeout: 60_000 }).toBe(41);
    await worker.kill('SIGKILL');
    await holder.unsafe('rollback');
    holder.release();
    worker = await scene.startWorker();
    const finished = await scene.ended(id);
    expect(finished).toMatchObject({ status: 'COMPLETED', error: null, tablesUndo: { canUndo: false } });
    expect(finished.log).toContain('the undo was done: the rows from before are back');
    expect(await everything()).toBe(before);
    expect(await schemas()).toEqual([finished.sideSchema]);
    expect(await count(`${finished.sideSchema!}.orders`)).toBe(2000);
  } finally {
    await reader.end({ timeout: 1 });
  }
}, 240_000);
