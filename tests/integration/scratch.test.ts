import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runSqlCheck } from '#lib/sources/postgres/sql-checks.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { serverBinDir } from '#tests/support/postgres-majors.ts';
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

const numberOf = (name: string, sql: string, severity: 'critical' | 'warning' = 'critical') => ({
  name,
  sql,
  comparison: '=' as const,
  value: 0,
  severity,
});

test('SQL checks judge the copy, and can do no harm in it', async () => {
  await server.createDatabase('rules');
  await server.sql(
    'rules',
    `create table bins (id int primary key, aisle int);
     insert into bins values (1, 1), (2, null);
     alter table bins enable row level security;
     create view orphans as select * from bins where aisle is null;
     create function take_over() returns int language plpgsql security definer as
       $$ begin execute 'copy (select 1) to program ''true'''; return 0; end $$;
     create function write() returns int language plpgsql as
       $$ begin set transaction read write; insert into public.bins values (9, 9); return 0; end $$;`,
  );
  using dumped = await dumpWithFacts(server, 'rules');
  const run = scratchRun(folder);
  const scratch = (await openScratch(configOf(server, 'rules'), run, dumped.manifest))!;
  try {
    await scratch.restore(run.ctx, dumped.file);
    await scratch.compare(
      run.ctx,
      policyWith([
        { ...numberOf('holds', 'select count(*) from bins -- all of them\n;'), value: 2 },
        numberOf('does not hold', 'select count(*) from orphans'),
        numberOf('warns', 'select count(*) from orphans', 'warning'),
        numberOf('errors', 'select count(*) from nowhere'),
        numberOf('two rows', 'select 0 from bins'),
        numberOf('no row', 'select 0 where false'),
        numberOf('two columns', 'select 0, 0'),
        numberOf('null', 'select null::int'),
        numberOf('no number', "select '0'"),
        numberOf('NaN', "select 'NaN'::float8"),
        numberOf('two statements', 'select 0; drop table bins'),
        numberOf('writes', 'with gone as (delete from bins returning 1) select count(*) from gone'),
        numberOf('writes below', 'select write()'),
        numberOf('copy to program', "copy (select 1) to program 'true'"),
        numberOf('do', "do $$ begin execute 'copy (select 1) to program ''true'''; end $$"),
        numberOf('copy to program below', 'select take_over()'),
        numberOf('reset', 'reset session authorization'),
      ]),
    );
    const verdicts = Object.fromEntries(
      run.checks
        .filter(({ name }) => name.startsWith('sql:'))
        .map(({ name, verdict, isRequired, reason }) => [name.slice(4), [verdict, isRequired, reason]]),
    );
    expect(verdicts).toEqual({
      holds: ['PASSED', true, null],
      'does not hold': ['FAILED', true, expect.stringContaining('1 is not = 0')],
      warns: ['UNKNOWN', false, expect.stringContaining('1 is not = 0')],
      errors: ['UNKNOWN', true, expect.stringContaining('"nowhere" does not exist')],
      'two rows': ['UNKNOWN', true, 'it gave more than one row'],
      'no row': ['UNKNOWN', true, 'it gave no row'],
      'two columns': ['UNKNOWN', true, 'it gave 2 columns, not one'],
      null: ['UNKNOWN', true, 'it gave NULL'],
      'no number': ['UNKNOWN', true, 'it gave no number'],
      NaN: ['UNKNOWN', true, 'it gave no number'],
      'two statements': ['UNKNOWN', true, expect.stringContaining('syntax error')],
      writes: ['UNKNOWN', true, expect.stringContaining('top level')],
      'writes below': ['UNKNOWN', true, expect.stringMatching(/read-write|read-only|permission denied/)],
      'copy to program': ['UNKNOWN', true, expect.stringContaining('syntax error')],
      do: ['UNKNOWN', true, expect.stringContaining('syntax error')],
      'copy to program below': [
        'UNKNOWN',
        true,
        expect.stringMatching(/permission denied|must be superuser/),
      ],
      reset: ['UNKNOWN', true, expect.stringContaining('syntax error')],
    });
    expect(run.names('FAILED')).toEqual(['sql:does not hold']);
  } finally {
    await scratch[Symbol.asyncDispose]();
  }
});

test('a SQL check that hangs ends, whatever limits it lifts', async () => {
  await server.createDatabase('slow');
  await server.sql(
    'slow',
    `create function patient() returns int language plpgsql as
       $$ begin perform set_config('statement_timeout', '0', false); perform pg_sleep(600); return 0; end $$`,
  );
  const run = scratchRun(folder);
  const { source } = configOf(server, 'slow');
  const judged = [
    await runSqlCheck(run.ctx, source, numberOf('sleeps', 'select pg_sleep(600)::text::int'), 300),
    await runSqlCheck(run.ctx, source, numberOf('patient', 'select patient()'), 300),
  ];
  expect(judged.map(({ verdict, reason }) => [verdict, reason])).toEqual([
    ['UNKNOWN', 'it did not end within 0.3 s'],
    ['UNKNOWN', expect.stringMatching(/did not (end|answer)/)],
  ]);
});

test('a database named as every cluster names its first, and one whose locale this machine lacks', async () => {
  await server.sql('postgres', "create table own as select 1 as a; comment on database postgres is 'mine'");
  using first = await dumpWithFacts(server, 'postgres');
  await server.sql('postgres', 'drop table own');
  const run = scratchRun(folder);
  const scratch = (await openScratch(configOf(server, 'postgres'), run, first.manifest))!;
  await scratch.restore(run.ctx, first.file);
  await scratch.compare(run.ctx, policyWith([]));
  await scratch[Symbol.asyncDispose]();
  expect(run.checks.filter(({ verdict }) => verdict !== 'PASSED')).toEqual([]);

  await server.createDatabase('abroad');
  await server.sql('abroad', 'create table t as select 1 as a');
  using dumped = await dumpWithFacts(server, 'abroad');
  const bytes = readFileSync(dumped.file);
  for (let at = bytes.indexOf("'C.UTF-8'"); at > 0; at = bytes.indexOf("'C.UTF-8'"))
    bytes.write("'X.UTF-8'", at);
  writeFileSync(dumped.file, bytes);
  const { facts } = dumped.manifest;
  const database =
    facts.database === null ? null : { ...facts.database, collate: 'X.UTF-8', ctype: 'X.UTF-8' };
  const second = scratchRun(folder);
  const other = (await openScratch(configOf(server, 'abroad'), second, {
    ...dumped.manifest,
    facts: { ...facts, database },
  }))!;
  await other.restore(second.ctx, dumped.file);
  await other.compare(second.ctx, policyWith([]));
  await other[Symbol.asyncDispose]();
  expect(second.checks.filter(({ verdict }) => verdict !== 'PASSED')).toMatchObject([
    {
      name: 'database',
      verdict: 'UNKNOWN',
      isRequired: false,
      reason: expect.stringContaining('locale') as string,
    },
  ]);
});

test("the backup of an older server is restored by that server's own programs", async () => {
  const binDir = serverBinDir(14);
  try {
    await using older = await startPostgres({ binDir });
    await older.createDatabase('app');
    await older.sql(
      'app',
      'create table t (id serial primary key, v text); insert into t (v) select g::text from generate_series(1, 10) g',
    );
    using dumped = await dumpWithFacts(older, 'app');
    const run = scratchRun(folder);
    const config = configOf(older, 'app', { BACKUP_PG_BIN_DIRS: binDir });
    const scratch = (await openScratch(config, run, dumped.manifest))!;
    expect(scratch.productVersion).toMatch(/^14\./);
    await scratch.restore(run.ctx, dumped.file);
    await scratch.compare(run.ctx, policyWith([{ ...numberOf('ten', 'select count(*) from t'), value: 10 }]));
    await scratch[Symbol.asyncDispose]();
    expect(run.checks.filter(({ verdict, isRequired }) => verdict !== 'PASSED' && isRequired)).toEqual([]);
    expect(run.check('sql:ten')?.verdict).toBe('PASSED');
  } finally {
    rmSync(join(binDir, '..'), { recursive: true });
  }
});
