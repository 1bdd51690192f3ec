import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Facts, TableFact } from '#lib/contracts/facts.ts';
import { connect } from '#lib/sources/postgres/connect.ts';
import { createPostgresSource } from '#lib/sources/postgres/postgres-source.ts';
import { beginFacts } from '#lib/sources/postgres/read-facts.ts';
import {
  comparable,
  configFor,
  dumpWithFacts,
  everyFact,
  factsContext,
  factsOf,
  restoreDump,
  wholeScope,
} from '#tests/support/facts.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server[Symbol.asyncDispose]());

const tableOf = (facts: Facts, name: string): TableFact => {
  const found = facts.tables.find((table) => table.name === name);
  if (found === undefined) throw new Error(`no facts of ${name}`);
  return found;
};

describe.each([1, 2])('fingerprints of version %i', (fingerprintVersion) => {
  beforeAll(async () => {
    for (const name of ['prints', 'settings', 'latin'])
      await server.sql('postgres', `drop database if exists ${name}`);
    await server.createDatabase('prints');
  });

  const readFacts = (database: string): Promise<Facts> =>
    factsOf(server, database, everyFact, { fingerprintVersion });
  const printOf = async (database: string, name = 't'): Promise<string> => {
    const { fingerprint, unknown } = tableOf(await readFacts(database), name);
    expect(unknown).toBeNull();
    return fingerprint ?? 'none';
  };

  test('a table is the same in any order of rows and columns; one changed value, a row more or less, and a row twice instead of another are not', async () => {
    const make = (rows: string): Promise<string> =>
      server
        .sql(
          'prints',
          `drop table if exists t; create table t (a int, b text, c text); insert into t values ${rows}`,
        )
        .then(() => printOf('prints'));
    const original = await make(`(1, 'x', null), (2, 'y', ''), (2, 'y', '')`);
    expect(original).toMatch(/^[0-9a-f]{32}$/);
    expect(await make(`(2, 'y', ''), (1, 'x', null), (2, 'y', '')`)).toBe(original);
    const others = [
      await make(`(1, 'x', null), (2, 'y', ''), (2, 'z', '')`),
      await make(`(1, 'x', null), (2, 'y', '')`),
      await make(`(1, 'x', null), (1, 'x', null), (2, 'y', '')`),
      await make(`(1, 'x', ''), (2, 'y', ''), (2, 'y', '')`),
      await make(`(1, 'x', null), (2, '', 'y'), (2, 'y', '')`),
      // U+0001 ends every value; moving it must not go unseen.
      await make(String.raw`(1, 'x', null), (2, e'y\x01', ''), (2, 'y', '')`),
      await make(`(1, 'x', null)`),
    ];
    expect(new Set([original, ...others]).size).toBe(others.length + 1);
    await server.sql(
      'prints',
      `drop table t; create table t (c text, a int, gone int, b text); alter table t drop gone;
      insert into t values ('', 2, 'y'), (null, 1, 'x'), ('', 2, 'y')`,
    );
    expect(await printOf('prints')).toBe(original);
  });

  test('a table without columns, with 1600 columns, and with a value of 20 MB has one', async () => {
    await server.sql(
      'prints',
      `create table nothing (); insert into nothing default values;
       create table large (t text); insert into large values (repeat('0123456789', 2000000))`,
    );
    const columns = Array.from({ length: 1600 }, (_, index) => `c${String(index)} bool`).join(', ');
    await server.sql(
      'prints',
      `create table wide (${columns}); insert into wide (c0, c1599) values (true, false)`,
    );
    const printsNow = async () => {
      const facts = await readFacts('prints');
      return ['nothing', 'wide', 'large'].map((name) => tableOf(facts, name).fingerprint);
    };
    const before = await printsNow();
    expect(before).not.toContain(null);
    await server.sql(
      'prints',
      `insert into nothing default values; update wide set c1598 = true; update large set t = t || 'x'`,
    );
    const after = await printsNow();
    expect(before.filter((print, index) => print === after[index])).toEqual([]);
    await server.sql('prints', 'drop table large, wide');
  });

  const VALUES = `
    create table t (at timestamptz, gap interval, price money, ratio float8, small float4, raw bytea, name text, day date, pad char(5), kind text collate "C");
    insert into t values ('2024-02-29 12:00:00.5+02', '1 year -3 days 00:00:01.5', 1234.56, 0.1, 0.1, '\\x00ff', 'Zürich', '2024-12-01', 'ä', 'ß'),
      ('infinity', '-1 mon', -1, 'NaN', 1e-30, '', 'é', '-infinity', null, '')`;

  test('neither settings of role and database nor locale and encoding matter', async () => {
    await server.sql('prints', `drop table if exists t; ${VALUES}`);
    const original = await printOf('prints');
    await server.sql('postgres', `create database settings`);
    for (const setting of [
      `datestyle = 'German, DMY'`,
      `timezone = 'Asia/Kolkata'`,
      `intervalstyle = 'iso_8601'`,
      'extra_float_digits = -5',
      `bytea_output = 'escape'`,
      'search_path = nowhere',
      'quote_all_identifiers = on',
    ]) {
      await server.sql('postgres', `alter database settings set ${setting}`);
    }
    await server.sql('postgres', `alter role postgres in database settings set datestyle = 'SQL, MDY'`);
    await server.sql(
      'settings',
      VALUES.replace('table t', 'table public.t').replace('into t', 'into public.t'),
    );
    expect(await printOf('settings')).toBe(original);
    await server.sql(
      'postgres',
      `create database latin template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`,
    );
    await server.sql('latin', VALUES);
    expect(await printOf('latin')).toBe(original);
    await server.sql('latin', `update t set name = 'Zurich' where name = 'Zürich'`);
    expect(await printOf('latin')).not.toBe(original);
  });

  test('the SQL on the page about the format computes the same', async () => {
    const page = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8');
    const [newest, oldest] = [...page.matchAll(/```sql\n([^]*?)```/g)].map(([, text]) => text ?? '');
    const text = fingerprintVersion === 2 ? newest : oldest;
    await server.sql(
      'prints',
      `create table items (id int, name text, price numeric);
       insert into items select g, nullif('n' || g, 'n7'), g * 1.5 from generate_series(1, 1000) g`,
    );
    const answer = await server.sql('prints', text ?? '');
    const found = Object.values(Object.assign({}, ...answer.flat()) as Record<string, unknown>);
    expect(found).toEqual([await printOf('prints', 'items')]);
  });
});

describe('what is not taken is named', () => {
  beforeAll(async () => {
    await server.createDatabase('unknowns');
    await server.sql(
      'unknowns',
      `create table a (id serial, t text); insert into a (t) select repeat('x', 1000) from generate_series(1, 500);
       create table b (id int generated always as identity (increment -1), t text); insert into b (t) values ('1'), ('2');
       create table p (id int) partition by range (id); create table p1 partition of p default; insert into p values (1), (2);
       select lo_from_bytea(0, 'some');
       create sequence round maxvalue 5 cycle`,
    );
  });

  test('fingerprints that are switched off, or too large, leave the rows exact', async () => {
    const off = await dumpWithFacts(server, 'unknowns', {
      facts: { takesFingerprints: false, fingerprintMaxBytes: 1e12 },
    });
    expect(
      off.facts.tables.map(({ name, rows, fingerprint, unknown }) => [name, rows, fingerprint, unknown]),
    ).toEqual([
      ['a', 500, null, 'switched-off'],
      ['b', 2, null, 'switched-off'],
      ['p', 2, null, 'switched-off'],
      ['p1', 2, null, 'switched-off'],
    ]);
    expect(off.facts.largeObjects).toEqual({ count: 1, fingerprint: null, unknown: 'switched-off' });
    const small = await dumpWithFacts(server, 'unknowns', {
      facts: { takesFingerprints: true, fingerprintMaxBytes: 20_000 },
    });
    expect(tableOf(small.facts, 'a')).toMatchObject({ rows: 500, fingerprint: null, unknown: 'too-large' });
    expect(tableOf(small.facts, 'p')).toMatchObject({ rows: 2, unknown: null });
    expect(tableOf(small.facts, 'p').fingerprint).toBe(tableOf(small.facts, 'p1').fingerprint);
    expect(small.facts.sequences?.map(({ name, column }) => [name, column?.extreme])).toEqual([
      ['a_id_seq', '500'],
      ['b_id_seq', '-2'],
      ['round', undefined],
    ]);
  });

  test('a backup without rows says so, and one of chosen tables speaks of nothing else', async () => {
    const { facts } = await dumpWithFacts(server, 'unknowns', { schemaOnly: true });
    expect(facts.tables.map(({ unknown }) => unknown)).toEqual(facts.tables.map(() => 'schema-only'));
    expect(facts.sequences?.every(({ unknown }) => unknown === 'schema-only')).toBe(true);
    const chosen = await dumpWithFacts(server, 'unknowns', { tables: ['b', 'p'] });
    expect(chosen.facts.tables.map(({ name }) => name)).toEqual(['b', 'p', 'p1']);
    expect(chosen.facts.sequences?.map(({ name }) => name)).toEqual(['b_id_seq']);
    expect(chosen.facts.largeObjects).toBeNull();
    expect(JSON.stringify(chosen.facts.objects)).not.toContain('public.a');
    expect(chosen.facts.objects?.schemas).toBeUndefined();
    await restoreDump(server, 'chosen_copy', chosen.bytes, []);
    expect(comparable(await factsOf(server, 'chosen_copy', everyFact, { isChosen: true }))).toEqual(
      comparable(chosen.facts),
    );
  });

  test('what an excluded table has is left out', async () => {
    const { facts, bytes } = await dumpWithFacts(server, 'unknowns', {}, { BACKUP_EXCLUDE_TABLES: 'b,p' });
    expect(facts.tables.map(({ name }) => name)).toEqual(['a']);
    await restoreDump(server, 'excluded_copy', bytes, []);
    expect(comparable(await factsOf(server, 'excluded_copy'))).toEqual(comparable(facts));
  });

  test('a table that somebody is removing is not known after the limit, and is never read in another state', async () => {
    const sql = await connect(configFor(server, 'unknowns').source);
    const blocker = postgres(server.url('unknowns').reveal(), { max: 1 });
    const timeUp = new AbortController();
    try {
      await blocker.unsafe('begin; truncate a');
      const reading = await beginFacts([sql], wholeScope, everyFact, {
        ...factsContext(),
        timeUp: timeUp.signal,
      });
      const facts = reading.finish();
      await sleep(1500);
      timeUp.abort();
      expect(tableOf(await facts, 'a')).toMatchObject({
        rows: null,
        fingerprint: null,
        unknown: 'time-limit',
      });
      await reading.stop();
    } finally {
      await blocker.end({ timeout: 0 });
      await sql.end({ timeout: 1 });
    }
    expect(tableOf(await factsOf(server, 'unknowns'), 'a').rows).toBe(500);
  });

  test('what the backup user may not read is not counted, and a policy never shortens a count', async () => {
    await server.sql(
      'unknowns',
      `create role poor login password 'poor'; grant pg_read_all_data to poor; create table guarded (id int);
       insert into guarded values (1), (2); alter table guarded enable row level security; create policy one on guarded using (id = 1);
       revoke pg_read_all_data from poor; grant select on guarded to poor; grant usage on schema public to poor`,
    );
    const sql = await connect(configFor(server, 'unknowns', { PGUSER: 'poor', PGPASSWORD: 'poor' }).source);
    try {
      const reading = await beginFacts([sql], wholeScope, everyFact, { ...factsContext(), timeUp: null });
      const facts = await reading.finish();
      await reading.stop();
      expect(tableOf(facts, 'guarded')).toMatchObject({ rows: null, unknown: 'permission' });
      expect(tableOf(facts, 'a')).toMatchObject({ rows: null, unknown: 'permission' });
      expect(facts.largeObjects).toEqual({ count: 1, fingerprint: null, unknown: 'permission' });
      expect(facts.sequences?.find(({ name }) => name === 'round')?.unknown).toBe('permission');
      expect(facts.unknownObjects).toEqual({});
    } finally {
      await sql.end({ timeout: 1 });
      await server.sql('unknowns', 'drop table guarded');
    }
  });

  test('how much a dump will be is known of tables that were never analyzed too, while it runs', async () => {
    await server.createDatabase('unanalyzed');
    await server.sql(
      'unanalyzed',
      `create table rows (id int, label text) with (autovacuum_enabled = false);
       insert into rows select g, md5(g::text) || md5((g + 1)::text) from generate_series(1, 100000) g`,
    );
    const begin = (options: { readonly schemaOnly: boolean }) =>
      createPostgresSource(configFor(server, 'unanalyzed')).dump(factsContext(), {
        tables: null,
        compression: 'none',
        facts: everyFact,
        ...options,
      });
    await using dump = await begin({ schemaOnly: false });
    expect(dump.estimateBytes).toBeNull();
    const { length } = await buffer(dump.body);
    const measured = (await dump.measuredBytes) ?? 0;
    expect(measured / length).toBeGreaterThan(0.7);
    expect(measured / length).toBeLessThan(1.5);
    await using schema = await begin({ schemaOnly: true });
    await buffer(schema.body);
    expect(await schema.measuredBytes).toBeNull();
  });

  test('a user with too few connections for facts has its dump all the same', async () => {
    await server.createDatabase('narrow');
    await server.sql(
      'narrow',
      `create table t as select generate_series(1, 3) a;
       create role two login password 'postgres' connection limit 2 in role pg_read_all_data;
       create role three login password 'postgres' connection limit 3 in role pg_read_all_data`,
    );
    const rowsOf = async (user: string) => {
      const { bytes, facts } = await dumpWithFacts(server, 'narrow', {}, { PGUSER: user });
      expect(bytes.length).toBeGreaterThan(0);
      const { rows, unknown } = tableOf(facts, 't');
      return { rows, unknown };
    };
    expect(await rowsOf('two')).toEqual({ rows: null, unknown: 'query-failed' });
    expect(await rowsOf('three')).toEqual({ rows: 3, unknown: null });
  });

  test('a sequence that went round while it was dumped is open', async () => {
    const source = createPostgresSource(configFor(server, 'unknowns'));
    await using dump = await source.dump(factsContext(), {
      tables: null,
      schemaOnly: false,
      compression: 'none',
      facts: everyFact,
    });
    await server.sql('unknowns', `select nextval('round'), nextval('a_id_seq') from generate_series(1, 7)`);
    dump.body.resume();
    await new Promise((resolve) => dump.body.once('end', resolve));
    const { sequences } = await dump.facts();
    expect(sequences?.find(({ name }) => name === 'round')?.unknown).toBe('moved');
    expect(sequences?.find(({ name }) => name === 'a_id_seq')).toMatchObject({
      before: { last: '500', isCalled: true },
      after: { last: '507', isCalled: true },
      unknown: null,
    });
  });
});

test('with writers at work throughout the dump the restored copy has exactly the facts that were taken', async () => {
  await server.createDatabase('busy');
  await server.sql(
    'busy',
    `create table items (id bigserial primary key, n int not null, body text);
     create table moves (id bigint generated always as identity, item bigint, at timestamptz default clock_timestamp());
     create sequence draws;
     insert into items (n, body) select g, repeat(md5(g::text), 20) from generate_series(1, 40000) g`,
  );
  const writers = Array.from({ length: 4 }, () => postgres(server.url('busy').reveal(), { max: 1 }));
  let isOver = false;
  let rounds = 0;
  const write = async (sql: postgres.Sql): Promise<void> => {
    while (!isOver) {
      await sql.unsafe(`
        insert into items (n, body) select g, md5(random()::text) from generate_series(1, 20) g;
        update items set n = n + 1 where id in (select 1 + (random() * 40000)::int from generate_series(1, 20));
        delete from items where id in (select 1 + (random() * 40000)::int from generate_series(1, 10));
        insert into moves (item) select nextval('draws') from generate_series(1, 5)`);
      rounds += 1;
    }
  };
  const writing = writers.map(write);
  let dumped: Awaited<ReturnType<typeof dumpWithFacts>>;
  try {
    await expect.poll(() => rounds).toBeGreaterThan(20);
    dumped = await dumpWithFacts(server, 'busy');
    const now = await server.sql<{ n: string }>('busy', 'select count(*) as n from items');
    expect(Number(now[0]?.n)).not.toBe(tableOf(dumped.facts, 'items').rows);
  } finally {
    isOver = true;
    await Promise.all(writing);
    await Promise.all(writers.map((sql) => sql.end()));
  }
  await restoreDump(server, 'busy_copy', dumped.bytes, []);
  const copy = await factsOf(server, 'busy_copy');
  expect(comparable(copy).tables).toEqual(comparable(dumped.facts).tables);
  expect(copy.objects).toEqual(dumped.facts.objects);
  for (const { name, before, after, unknown } of dumped.facts.sequences ?? []) {
    expect(unknown).toBeNull();
    const last = BigInt(copy.sequences?.find((sequence) => sequence.name === name)?.after?.last ?? -1);
    expect(last >= BigInt(before?.last ?? 0) && last <= BigInt(after?.last ?? 0), name).toBe(true);
    expect(BigInt(after?.last ?? 0)).toBeGreaterThan(BigInt(before?.last ?? 0));
  }
});
