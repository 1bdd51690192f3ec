import { spawn } from 'node:child_process';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Secret } from '#lib/core/secret.ts';
import { loadDemoDatabase } from '#scripts/demo/load.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

let server: TestPostgres;
let url: Secret;
beforeAll(async () => {
  server = await startPostgres();
  url = await server.createDatabase('ims_db');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test('a load that is killed leaves the database empty', async () => {
  const script = `
    const { loadDemoDatabase } = await import('./scripts/demo/load.ts');
    const { Secret } = await import('./lib/core/secret.ts');
    await loadDemoDatabase(new Secret(process.env.TARGET));`;
  const loader = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: new URL('../..', import.meta.url).pathname,
    env: { ...process.env, TARGET: url.reveal() },
    stdio: 'ignore',
  });
  const busy = async () =>
    (
      await server.sql<{ n: number }>(
        'postgres',
        "select count(*)::int as n from pg_stat_activity where datname = 'ims_db' and query like '%Plausible rows%'",
      )
    )[0]?.n ?? 0;
  await expect.poll(busy, { timeout: 20_000 }).toBe(1);
  loader.kill('SIGKILL');
  // The server finishes its statement before it sees that nobody listens.
  await expect.poll(busy, { timeout: 30_000 }).toBe(0);
  const left = "select relname from pg_class where relnamespace = 'public'::regnamespace";
  expect(await server.sql('ims_db', left)).toEqual([]);
});

test('loads at least 300,000 rows, the second time nothing', async () => {
  expect(await loadDemoDatabase(url)).toBe(true);

  const tables = [
    'organizations',
    'users',
    'items',
    'warehouses',
    'sales_orders',
    'sales_order_lines',
    'invoices',
    'audit_log',
  ];
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const rows = await server.sql<{ n: number }>('ims_db', `select count(*)::int as n from ${table}`);
    counts[table] = rows[0]?.n ?? 0;
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  expect(Object.values(counts).reduce((a, b) => a + b)).toBeGreaterThanOrEqual(300_000);

  expect(await loadDemoDatabase(url)).toBe(false);
  const again = await server.sql<{ n: number }>('ims_db', 'select count(*)::int as n from sales_order_lines');
  expect(again[0]?.n).toBe(counts['sales_order_lines']);
});

test('holds every kind of object that a backup has to bring back', async () => {
  const count = async (text: string) => (await server.sql<{ n: number }>('ims_db', text))[0]?.n ?? 0;
  const kinds = {
    'foreign key': "select count(*)::int as n from pg_constraint where contype = 'f'",
    enum: "select count(*)::int as n from pg_type where typtype = 'e'",
    domain:
      "select count(*)::int as n from pg_type where typtype = 'd' and typnamespace = 'public'::regnamespace",
    jsonb:
      "select count(*)::int as n from information_schema.columns where table_schema = 'public' and data_type = 'jsonb'",
    bytea:
      "select count(*)::int as n from information_schema.columns where table_schema = 'public' and data_type = 'bytea'",
    identity:
      "select count(*)::int as n from information_schema.columns where table_schema = 'public' and is_identity = 'YES'",
    'generated column':
      "select count(*)::int as n from information_schema.columns where table_schema = 'public' and is_generated = 'ALWAYS'",
    view: "select count(*)::int as n from pg_views where schemaname = 'public'",
    'partitioned table': "select count(*)::int as n from pg_class where relkind = 'p'",
    sequence: "select count(*)::int as n from pg_sequences where sequencename = 'invoice_number_seq'",
    'index with an expression': 'select count(*)::int as n from pg_index where indexprs is not null',
    comment: "select count(*)::int as n from pg_description where objoid = 'organizations'::regclass",
    trigger: 'select count(*)::int as n from pg_trigger where not tgisinternal',
    'rows in several partitions': 'select count(distinct tableoid)::int as n from audit_log',
    'bytes that are no text': 'select count(*)::int as n from users where avatar is not null',
  };
  for (const [kind, text] of Object.entries(kinds)) expect(await count(text), kind).toBeGreaterThan(0);
  expect(await count("select count(*)::int as n from users where email !~ '@example\\.test$'")).toBe(0);
});

test('is the same at every load', async () => {
  const other = await server.createDatabase('ims_again');
  await loadDemoDatabase(other);
  const fingerprint = `select md5(string_agg(md5(i::text), '' order by id)) as items,
    (select md5(string_agg(md5(o::text), '' order by id)) from sales_orders o) as orders,
    (select md5(string_agg(md5(a::text), '' order by id)) from audit_log a) as audit from items i`;
  expect(await server.sql('ims_again', fingerprint)).toEqual(await server.sql('ims_db', fingerprint));
});

test('its trigger writes to the audit log, and its constraints hold', async () => {
  const sql = postgres(url.reveal(), { max: 1 });
  await sql`update sales_orders set status = 'SHIPPED' where id = 6`;
  expect(await sql`select changes ->> 'to' as to from audit_log where action = 'STATUS'`).toMatchObject([
    { to: 'SHIPPED' },
  ]);
  await expect(sql`delete from items where id = 1`).rejects.toMatchObject({ code: '23503' });
  await expect(sql`update users set email = 'nobody' where id = 1`).rejects.toMatchObject({ code: '23514' });
  await sql.end();
});
