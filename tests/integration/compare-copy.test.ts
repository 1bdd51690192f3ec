import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PostgresConfig } from '#lib/platform/config.ts';
import type { Scratch } from '#lib/sources/source.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import {
  configOf,
  dumpWithFacts,
  openScratch,
  policyWith,
  scratchRun,
  sqlIn,
  type Dumped,
  type ScratchRun,
} from '#tests/support/scratch.ts';

let server: TestPostgres;
let folder: string;
let dumped: Dumped;
let scratch: Scratch | undefined;
let run: ScratchRun;
let copy: PostgresConfig;

/** One of each thing that a variant below changes. */
const SHOP = `
  create extension citext;
  create schema sales;
  create table sales.customers (id bigserial primary key, name citext not null, note text default 'none');
  insert into sales.customers (name) select 'customer ' || g from generate_series(1, 200) g;
  create table sales.orders (id int primary key, customer bigint references sales.customers, a int, b int, total numeric check (total >= 0));
  insert into sales.orders select g, g, null, null, g from generate_series(1, 100) g;
  create table sales.parts (id int, kind int, primary key (id, kind)) partition by list (kind);
  create table sales.parts_1 partition of sales.parts for values in (1);
  create table sales.parts_2 partition of sales.parts for values in (2);
  insert into sales.parts select g, 1 + g % 2 from generate_series(1, 100) g;
  create table sales.uses (part int, kind int, foreign key (part, kind) references sales.parts match full);
  insert into sales.uses select g, 1 + g % 2 from generate_series(1, 100) g;
  insert into sales.uses values (null, null);
  create table sales.old (id int primary key, customer bigint);
  insert into sales.old values (1, 1000);
  alter table sales.old add constraint old_customer foreign key (customer) references sales.customers not valid;
  create index orders_total on sales.orders (total);
  create view sales.big as select * from sales.orders where total > 50;
  create materialized view sales.sums as select sum(total) as sum from sales.orders;
  create function sales.twice(n int) returns int language sql immutable as 'select 2 * n';
  create function sales.stamp() returns trigger language plpgsql as 'begin return new; end';
  create trigger stamped before insert on sales.orders for each row execute function sales.stamp();
  create rule kept as on delete to sales.old do instead nothing;
  create type sales.mood as enum ('good', 'bad');
  alter table sales.customers enable row level security;
  create policy everybody on sales.customers using (true);
  create statistics sales.together on a, b from sales.orders;
  comment on table sales.orders is 'what was sold';
  alter table sales.orders owner to clerk;
  grant select on sales.customers to clerk;
  alter default privileges in schema sales grant select on tables to clerk;
  create publication everything for table sales.orders;
  create function sales.watch() returns event_trigger language plpgsql as 'begin end';
  create event trigger watch on ddl_command_start execute function sales.watch();
  select lo_from_bytea(4711, 'large');
  alter database shop set work_mem = '8MB';
  comment on database shop is 'the shop';
`;

beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'hf-cmp-'));
  // Where the user that runs the server can look: so the test knows the cluster's address.
  chmodSync(folder, 0o755);
  await server.createDatabase('shop');
  await server.sql('shop', `create role clerk; create role other; ${SHOP}`);
  dumped = await dumpWithFacts(server, 'shop');
  run = scratchRun(folder);
  // A role that owns nothing yet, for the variant of another owner.
  dumped.manifest.facts.roles?.push('other');
  scratch = (await openScratch(configOf(server, 'shop'), run, dumped.manifest)) ?? undefined;
  if (scratch === undefined) throw new Error(JSON.stringify(run.checks));
  const restored = await scratch.restore(run.ctx, dumped.file);
  if (restored === null) throw new Error(JSON.stringify(run.checks));
  copy = {
    ...configOf(server, 'shop').source,
    host: join(folder, 'cluster'),
    port: 5432,
    user: 'holdfast_scratch',
    password: null,
    database: scratch.database,
  };
}, 60_000);
afterAll(async () => {
  await scratch?.[Symbol.asyncDispose]();
  dumped[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function compare(policy = policyWith([])) {
  run.checks.length = 0;
  await scratch?.compare(run.ctx, policy);
  return run.checks.filter(({ verdict }) => verdict !== 'PASSED');
}

test('the copy of a good backup passes every check, with nothing left unknown', async () => {
  expect(await compare()).toEqual([]);
  expect(run.names('PASSED')).toEqual(
    expect.arrayContaining([
      'tables',
      'rows:sales.orders',
      'content:sales.orders',
      'sequence:sales.customers_id_seq',
      'sequences-ahead',
      'large-objects',
      'database',
      'foreign-keys',
      'readable',
      'amcheck',
    ]),
  );
  expect(run.check('foreign-keys')?.found).toContain(
    'not valid at the source either: sales.old.old_customer',
  );
  expect(await compare(policyWith([], { foreignKeys: 'sample' }))).toEqual([]);
});

/** What is done to the copy, how it is undone, and which checks must say so: those and no others. */
const variants: readonly (readonly [string, string, string, readonly string[], string])[] = [
  [
    'a row missing',
    'delete from sales.uses where part is null',
    'insert into sales.uses values (null, null)',
    ['rows:sales.uses'],
    '100 rows',
  ],
  [
    'a row too many',
    'insert into sales.uses values (null, null)',
    'delete from sales.uses where ctid in (select ctid from sales.uses where part is null limit 1)',
    ['rows:sales.uses'],
    '1 row too many',
  ],
  [
    'a value changed',
    'update sales.orders set total = 1000 where id = 7',
    'update sales.orders set total = 7 where id = 7',
    ['content:sales.orders'],
    'not the same values',
  ],
  [
    'a sequence behind',
    "select setval('sales.customers_id_seq', 5)",
    "select setval('sales.customers_id_seq', 200)",
    ['sequence:sales.customers_id_seq', 'sequences-ahead'],
    'other numbers',
  ],
  [
    'a sequence ahead',
    "select setval('sales.customers_id_seq', 900)",
    "select setval('sales.customers_id_seq', 200)",
    ['sequence:sales.customers_id_seq'],
    '900',
  ],
  [
    'RLS off',
    'alter table sales.customers disable row level security',
    'alter table sales.customers enable row level security',
    ['row-security'],
    'sales.customers',
  ],
  [
    'an index missing',
    'drop index sales.orders_total',
    'create index orders_total on sales.orders (total)',
    ['indexes'],
    'orders_total',
  ],
  [
    'another default',
    "alter table sales.customers alter note set default 'other'",
    "alter table sales.customers alter note set default 'none'",
    ['columns'],
    'sales.customers.note',
  ],
  [
    'a trigger off',
    'alter table sales.orders disable trigger stamped',
    'alter table sales.orders enable trigger stamped',
    ['triggers'],
    'stamped',
  ],
  [
    'another body',
    "create or replace function sales.twice(n int) returns int language sql immutable as 'select 3 * n'",
    "create or replace function sales.twice(n int) returns int language sql immutable as 'select 2 * n'",
    ['functions'],
    'sales.twice',
  ],
  [
    'another owner',
    'alter table sales.orders owner to other',
    'alter table sales.orders owner to clerk',
    ['owners'],
    'sales.orders',
  ],
  [
    'a grant missing',
    'revoke select on sales.customers from clerk',
    'grant select on sales.customers to clerk',
    ['grants'],
    'sales.customers',
  ],
  [
    'a policy missing',
    'drop policy everybody on sales.customers',
    'create policy everybody on sales.customers using (true)',
    ['policies'],
    'everybody',
  ],
  [
    'an enum value more',
    "create type sales.color as enum ('red')",
    'drop type sales.color',
    ['types', 'owners'],
    'sales.color',
  ],
  [
    'a comment changed',
    "comment on table sales.orders is 'x'",
    "comment on table sales.orders is 'what was sold'",
    ['comments'],
    'sales.orders',
  ],
  [
    'a large object changed',
    "select lo_put(4711, 0, 'L')",
    "select lo_put(4711, 0, 'l')",
    ['large-objects'],
    'not the same content',
  ],
  [
    'another extension version',
    "update pg_extension set extversion = '1.0' where extname = 'citext'",
    "update pg_extension set extversion = '1.6' where extname = 'citext'",
    ['extensions'],
    'citext',
  ],
];

test.each(variants)('%s fires its check and nothing else', async (_name, change, undo, fires, says) => {
  await sqlIn(copy, change);
  const fired = await compare();
  await sqlIn(copy, undo);
  expect(fired.map(({ name, verdict }) => `${verdict} ${name}`).sort()).toEqual(
    fires.map((name) => `FAILED ${name}`).sort(),
  );
  expect(fired.map(({ found, reason }) => `${found ?? ''} ${reason ?? ''}`).join()).toContain(says);
});

test('a foreign key that holds no more fires, whether all rows are looked at or a sample', async () => {
  // Below the constraint, as damage would be.
  await sqlIn(
    copy,
    `set session_replication_role = replica; update sales.uses set part = 5000 where part = 1; update sales.orders set customer = 7777`,
  );
  expect((await compare()).map(({ name }) => name)).toEqual([
    'content:sales.orders',
    'content:sales.uses',
    'foreign-keys',
  ]);
  expect(run.check('foreign-keys')?.reason).toContain('sales.orders.orders_customer_fkey (100 rows)');
  expect(run.check('foreign-keys')?.reason).toContain('sales.uses.uses_part_kind_fkey (1 row)');
  await compare(policyWith([], { foreignKeys: 'sample' }));
  expect(run.check('foreign-keys')?.reason).toContain('sales.orders.orders_customer_fkey (100 rows)');
  await sqlIn(
    copy,
    `set session_replication_role = replica; update sales.uses set part = 1 where part = 5000; update sales.orders set customer = id`,
  );
  expect(await compare()).toEqual([]);
});

test('MATCH FULL refuses a key that is half there', async () => {
  await sqlIn(
    copy,
    `set session_replication_role = replica; update sales.uses set kind = null where part = 1`,
  );
  await compare();
  expect(run.check('foreign-keys')?.reason).toContain('sales.uses.uses_part_kind_fkey (1 row)');
  await sqlIn(copy, `set session_replication_role = replica; update sales.uses set kind = 2 where part = 1`);
  expect(await compare()).toEqual([]);
});

test('a constraint that is NOT VALID, a view that cannot be read, and a table that is gone', async () => {
  await sqlIn(
    copy,
    `alter table sales.orders drop constraint orders_customer_fkey, add constraint orders_customer_fkey foreign key (customer) references sales.customers not valid`,
  );
  const notValid = await compare();
  expect(notValid.map(({ name, verdict }) => [name, verdict])).toEqual([['constraints', 'FAILED']]);
  await sqlIn(copy, 'alter table sales.orders validate constraint orders_customer_fkey');
  expect(await compare()).toEqual([]);

  await sqlIn(copy, 'drop table sales.old');
  const gone = await compare();
  expect(gone.every(({ verdict }) => verdict === 'FAILED')).toBe(true);
  expect(run.check('tables')).toMatchObject({ verdict: 'FAILED', reason: 'missing: sales.old' });
  expect(gone.filter(({ reason }) => reason?.includes('sales.old') !== true)).toEqual([]);
});
