import type { TestPostgres } from '#tests/support/postgres.ts';

const TABLES = 6;
/** About 220 bytes a row with its index. */
const ROWS_PER_MIB = 4_800;

/**
 * A database of about `targetMiB` on disk, in the shape of an order system: ids, amounts, instants, short words, a
 * jsonb column and some incompressible bytes, so that it compresses about as real ones do. Returns its true size in bytes.
 */
export async function createBenchDatabase(
  server: TestPostgres,
  name: string,
  targetMiB: number,
): Promise<number> {
  await server.createDatabase(name);
  const perTable = Math.ceil((targetMiB * ROWS_PER_MIB) / TABLES);
  for (let table = 1; table <= TABLES; table += 1) {
    await server.sql(
      name,
      `create table orders_${String(table)} (
         id bigint generated always as identity primary key, customer_id int not null, placed_at timestamptz not null,
         amount numeric(12,2) not null, status text not null, note text, attributes jsonb, token bytea);
       insert into orders_${String(table)} (customer_id, placed_at, amount, status, note, attributes, token)
       select (random() * 50000)::int, timestamptz '2024-01-01' + random() * interval '700 days', (random() * 9000)::numeric(12,2),
              (array['new','paid','packed','shipped','returned'])[1 + (random() * 4)::int],
              'order note ' || (random() * 100000)::int || ' for warehouse ' || (random() * 40)::int || ' handled by shift ' || (random() * 3)::int,
              jsonb_build_object('colour', (array['red','green','blue','black'])[1 + (random() * 3)::int], 'weight', (random() * 500)::int, 'gift', random() < 0.1),
              substr(decode(md5(g::text), 'hex'), 1, 8)
       from generate_series(1, ${String(perTable)}) g`,
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
    for (let table = 1; table <= TABLES; table += 1) {
      const original = `orders_${String(table)}`;
      await server.sql(name, `create table ${original}_copy_${String(copy)} as table ${original}`);
    }
  }
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
