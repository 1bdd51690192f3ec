import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import {
  configOf,
  dumpWithFacts,
  openScratch,
  policyWith,
  scratchRun,
  sqlIn,
} from '#tests/support/scratch.ts';

let server: TestPostgres;
let folder: string;
beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'hf-scr-'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test('a database with everything about it set comes back whole in a cluster of its own', async () => {
  const name = `shop's "Läden"`;
  await server.createDatabase(name);
  await server.sql('postgres', `create role keeper nologin`);
  await sqlIn(
    configOf(server, name).source,
    `create table items (id bigserial primary key, name text not null default 'x', n numeric);
     insert into items (name) select 'item ' || g from generate_series(1, 100) g;
     create table orders (id int primary key, item bigint references items);
     insert into orders select g, g from generate_series(1, 50) g;
     alter table items owner to keeper;
     grant select on orders to keeper;
     create view cheap as select * from items where n < 10;
     alter table orders enable row level security;
     create policy own on orders to keeper using (true);
     alter database "shop's ""Läden""" set work_mem = '8MB';
     alter database "shop's ""Läden""" set default_transaction_read_only = on;
     comment on database "shop's ""Läden""" is 'all shops';
     grant connect on database "shop's ""Läden""" to keeper;`,
  );
  using dumped = await dumpWithFacts(server, name);
  const run = scratchRun(folder);
  const scratch = await openScratch(configOf(server, name), run, dumped.manifest);
  expect(scratch?.place).toBe('ephemeral');
  try {
    const result = await scratch?.restore(run.ctx, dumped.file);
    expect(run.checks.filter(({ verdict }) => verdict !== 'PASSED')).toEqual([]);
    expect(result?.restoreMs).toBeGreaterThan(0);
    await scratch?.compare(run.ctx, policyWith([]));
    expect(run.checks.filter(({ verdict }) => verdict !== 'PASSED')).toEqual([]);
    expect(run.check('rows:public.items')).toMatchObject({ expected: '100 rows', found: '100 rows' });
  } finally {
    await scratch?.[Symbol.asyncDispose]();
  }
});
