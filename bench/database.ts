import type { TestPostgres } from '#tests/support/postgres.ts';

const ORDER_TABLES = 3;
const EVENT_TABLES = 3;
/** About 220 bytes a row with its index; the order tables take four tenths of the size. */
const ORDER_ROWS_PER_MIB = 4_800 * 0.4;
/** About 560 bytes a row with its index; the event tables take the rest. */
const EVENT_ROWS_PER_MIB = 1_870 * 0.6;

const TABLES: readonly string[] = [
  ...Array.from({ length: ORDER_TABLES }, (_, index) => `orders_${String(index + 1)}`),
  ...Array.from({ length: EVENT_TABLES }, (_, index) => `events_${String(index + 1)}`),
];

/**
 * A database of about `targetMiB` on disk, as an order system has it: narrow order rows (ids, amounts, instants, short
 * words, a small jsonb), which cost the server much to print and compress well, and an event log of wide rows (sentences,
 * checksums and keys as text), which print fast and compress badly. Returns its true size in bytes.
 */
export async function createBenchDatabase(
  server: TestPostgres,
  name: string,
  targetMiB: number,
): Promise<number> {
  await server.createDatabase(name);
  const orders = Math.ceil((targetMiB * ORDER_ROWS_PER_MIB) / ORDER_TABLES);
  const events = Math.ceil((targetMiB * EVENT_ROWS_PER_MIB) / EVENT_TABLES);
  for (const table of TABLES) {
    await server.sql(
      name,
      table.startsWith('orders')
        ? `create table ${table} (
             id bigint generated always as identity primary key, customer_id int not null, placed_at timestamptz not null,
             amount numeric(12,2) not null, status text not null, note text, attributes jsonb, token bytea);
           insert into ${table} (customer_id, placed_at, amount, status, note, attributes, token)
           select (random() * 50000)::int, timestamptz '2024-01-01' + random() * interval '700 days', (random() * 9000)::numeric(12,2),
                  (array['new','paid','packed','shipped','returned'])[1 + (random() * 4)::int],
                  'order note ' || (random() * 100000)::int || ' for warehouse ' || (random() * 40)::int || ' handled by shift ' || (random() * 3)::int,
                  jsonb_build_object('colour', (array['red','green','blue','black'])[1 + (random() * 3)::int], 'weight', (random() * 500)::int, 'gift', random() < 0.1),
                  substr(decode(md5(g::text), 'hex'), 1, 8)
           from generate_series(1, ${String(orders)}) g`
        : `create table ${table} (
             id bigint generated always as identity primary key, order_id bigint not null, what text not null, before text, after text);
           insert into ${table} (order_id, what, before, after)
           select (random() * 1000000)::int,
                  'quantity of item ' || (random() * 20000)::int || ' changed from ' || (random() * 90)::int || ' to ' || (random() * 90)::int ||
                  ' in warehouse ' || (random() * 40)::int || ' by the nightly import, request ' || md5(g::text) || ', batch ' || (g / 500),
                  'state ' || md5((g * 2)::text) || ' key ' || md5((g * 3)::text) || ' checked by the scanner at gate ' || (random() * 12)::int,
                  'state ' || md5((g * 5)::text) || ' key ' || md5((g * 7)::text) || ' checked by the scanner at gate ' || (random() * 12)::int ||
                  ', label ' || md5((g * 11)::text) || ' printed and attached'
           from generate_series(1, ${String(events)}) g`,
    );
  }
  return settle(server, name);
}

/** A database of `times` the tables of `from`, and so about `times` its size. Returns its true size in bytes. */
export async function multiplyDatabase(
  server: TestPostgres,
  from: string,
  name: string,
  times: number,
): Promise<number> {
  await server.sql('postgres', `create database "${name}" template "${from}"`);
  for (let copy = 2; copy <= times; copy += 1) {
    for (const original of TABLES) {
      await server.sql(name, `create table ${original}_copy_${String(copy)} as table ${original}`);
    }
  }
  return settle(server, name);
}

/** A database of `tableCount` tables alike, `part_1` and so on, together about `targetMiB` on disk. Returns its true size in bytes. */
export async function createManyTables(
  server: TestPostgres,
  name: string,
  targetMiB: number,
  tableCount: number,
): Promise<number> {
  await server.createDatabase(name);
  const rows = Math.ceil((targetMiB * 7_000) / tableCount);
  await server.sql(
    name,
    `create table part_1 as select g as id, 'label ' || g as label, md5(g::text) || md5((g + 1)::text) as note
       from generate_series(1::bigint, ${String(rows)}) g;
     do $$ begin for n in 1 .. ${String(tableCount)} loop
       if n > 1 then execute format('create table part_%s as table part_1', n); end if;
       execute format('alter table part_%s add primary key (id), alter label set not null, alter note set not null', n);
     end loop; end $$`,
  );
  return settle(server, name);
}

async function settle(server: TestPostgres, name: string): Promise<number> {
  await server.sql(name, 'vacuum analyze');
  await server.sql(name, 'checkpoint');
  const [size] = await server.sql<{ bytes: string }>(
    name,
    'select pg_database_size(current_database()) as bytes',
  );
  return Number(size?.bytes);
}
