import { afterAll, beforeAll, expect, test } from 'vitest';
import { dumpWithFacts, everyFact, factsOf, restoreDump } from '#tests/support/facts.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

const TYPES = `
  create type mood as enum ('sad', 'ok', ''); create type pair as (a int, b text); create domain short as text;
  create domain amount as numeric; create type nested as (p pair, n numeric);
  create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

interface Change {
  readonly columns: string;
  readonly rows: string;
  /** The same rows, written otherwise. */
  readonly again?: string;
  readonly others: readonly string[];
  /** The server's own hash of the row calls all of them the same. */
  readonly isTrap?: true;
}

/** One column of one type, a value, and others that are not the same value. */
const value = (type: string, one: string, others: readonly string[], more: Partial<Change> = {}): Change => ({
  columns: `v ${type}`,
  rows: `(${one})`,
  others: others.map((other) => `(${other})`),
  ...more,
});
const trap = (type: string, one: string, others: readonly string[]): Change =>
  value(type, one, others, { isTrap: true });

const CHANGES: readonly Change[] = [
  value('int2', '1', ['-1', '257', 'null']),
  value('int4', '0', ['1', '-1', '65536', 'null']),
  value('int8', '0', ['1', '-1', '4294967296', 'null']),
  trap('int8', '0', ['4294967297', '-4294967296']),
  value('oid', '1', ['2', '4294967295']),
  value('bool', 'true', ['false', 'null']),
  value('"char"', `'a'`, [`'b'`, `''`, 'null']),
  value('date', `'2024-02-29'`, [`'2024-03-01'`, `'infinity'`, `'-infinity'`, `'0044-03-15 BC'`]),
  value('uuid', `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`, [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a10'`]),
  value('bytea', String.raw`'\x00ff'`, [
    String.raw`'\x00fe'`,
    String.raw`'\x00ff00'`,
    String.raw`'\x'`,
    'null',
  ]),
  value('text', `'a'`, [`'a '`, `'A'`, `''`, String.raw`e'a\x01'`, 'null']),
  value('varchar(9)', `'a'`, [`'a '`, `'A'`, `''`, 'null']),
  trap('text collate loose', `'strasse'`, [`'STRASSE'`]),
  value('name', `'a'`, [`'a '`, `'b'`, `''`, 'null']),
  value('char(4)', `'a'`, [`'a  b'`, `''`, 'null'], { again: `('a   ')` }),
  trap('bpchar', `'a'`, [`'a '`, `'a   '`]),
  trap('numeric', '1.0', ['1.00', '1']),
  value('numeric', `'NaN'`, [`'Infinity'`, `'-Infinity'`, '0', '1e-20', 'null']),
  trap('numeric', '0', ['0.0']),
  trap('float4', `'0'`, [`'-0'`]),
  value('float4', '0.1', ['0.10000001', '0.1::float8 + 1e-7']),
  trap('float8', `'0'`, [`'-0'`]),
  value('float8', '0.1', ['0.1::float8 + 1.4e-17::float8', `'NaN'`, `'Infinity'`, '5e-324', 'null']),
  value('float8', `'inf'::float8 - 'inf'::float8`, [`'inf'`, 'null'], { again: `('NaN')` }),
  value('float4', `'inf'::float4 - 'inf'::float4`, [`'inf'`, 'null'], { again: `('NaN')` }),
  trap('timestamp', `'2000-01-01'`, [`'2000-01-01 01:11:34.967297'`]),
  value('timestamp', `'2024-02-29 12:00:00'`, [`'2024-02-29 12:00:00.000001'`, `'infinity'`, 'null']),
  trap('timestamptz', `'2000-01-01+00'`, [`'2000-01-01 01:11:34.967297+00'`]),
  value('timestamptz', `'2024-02-29 12:00:00+02'`, [`'2024-02-29 12:00:00+03'`, 'null'], {
    again: `('2024-02-29 10:00:00+00')`,
  }),
  trap('time', `'00:00:00'`, [`'01:11:34.967297'`]),
  value('time', `'12:00'`, [`'12:00:00.000001'`, `'00:00'`, `'24:00'`, 'null']),
  value('timetz', `'12:00+02'`, [`'10:00+00'`, `'12:00+03'`, 'null']),
  trap('interval', `'1 month'`, [`'30 days'`, `'720 hours'`]),
  value('interval', `'1 day'`, [`'24:00:00'`, `'-1 day'`, `'1 day 00:00:00.000001'`, 'null']),
  trap('jsonb', `'{"a": 1.0}'`, [`'{"a": 1.00}'`, `'{"a": 1}'`]),
  value('jsonb', `'{"a": null}'`, [`'{}'`, `'null'`, 'null']),
  value('json', `'{"a":1}'`, [`'{"a": 1}'`, 'null']),
  trap('numeric[]', `'{1.0}'`, [`'{1.00}'`]),
  value('text[]', `'{a,NULL}'`, [`'{a,"NULL"}'`, `'{a}'`, `'{}'`, `'[2:3]={a,NULL}'`, 'null']),
  value('mood', `'sad'`, [`'ok'`, `''`, 'null']),
  value('short', `'a'`, [`'a '`, `''`, 'null']),
  trap('amount', '1.0', ['1.00']),
  // What prints as nothing, and what is nothing.
  ...['mood', 'short', 'xml', 'bit varying', 'tsvector', 'name', 'varchar'].map((type) =>
    value(type, `''`, ['null']),
  ),
  value('pair', `'(1,)'`, [`'(1,"")'`, `'(,)'`, `null`]),
  value('nested', `'("(1,x)",1.0)'`, [`'("(1,x)",1.00)'`, `'("(,)",1.0)'`, `'(,1.0)'`, `'(,)'`, 'null']),
  value('int4range', `'[1,5)'`, [`'[1,6)'`, `'empty'`, `'(,)'`, 'null']),
  trap('numrange', `'[1.0,2.0]'`, [`'[1.00,2.0]'`]),
  value('xml', `'<a/>'`, [`'<a></a>'`, `''`, 'null']),
  value('inet', `'10.0.0.1'`, [`'10.0.0.1/24'`, `'::1'`, 'null']),
  value('cidr', `'10.0.0.0/8'`, [`'10.0.0.0/16'`]),
  value('macaddr', `'08:00:2b:01:02:03'`, [`'08:00:2b:01:02:04'`]),
  value('money', '1', ['2', '-1']),
  value('bit varying', `'101'`, [`'1010'`, `''`, 'null']),
  value('tsvector', `'fat:1A'`, [`'fat:1'`, `''`, 'null']),
  value('point', `'(1,2)'`, [`'(2,1)'`]),
  value('box', `'(1,1),(0,0)'`, [`'(1,2),(0,0)'`]),
  value('pg_lsn', `'16/B374D848'`, [`'16/B374D849'`]),
  value('regtype', `'int4'`, [`'int8'`, 'null']),
];

/** What rows are together. */
const TOGETHER: readonly Change[] = [
  {
    columns: 'a text, b text',
    rows: `(null, 'a'), ('x', 'y')`,
    again: `('x', 'y'), (null, 'a')`,
    others: [
      `('a', null), ('x', 'y')`,
      `('', 'a'), ('x', 'y')`,
      `(null, 'a'), ('y', 'x')`,
      // Each column has the same values as before.
      `('x', 'a'), (null, 'y')`,
      `(null, 'y'), ('x', 'a')`,
      `(null, 'a')`,
      `(null, 'a'), ('x', 'y'), ('x', 'y')`,
      `(null, 'a'), ('x', 'y'), (null, null)`,
    ],
  },
  { columns: 'a text', rows: '(null)', others: [`('')`, '(null), (null)'] },
  { columns: 'a int', rows: '(1), (1), (2), (2)', others: ['(1), (1), (1), (2)', '(1), (2)', '(1), (1)'] },
  { columns: 'a int, b int', rows: '(0, 31)', others: ['(1, 0)', '(31, 0)', '(0, 0)', '(null, 31)'] },
  {
    columns: 'a int8, b int8',
    rows: '(1, 2), (3, 4), (5, 6)',
    others: ['(1, 4), (3, 2), (5, 6)', '(1, 4), (3, 6), (5, 2)', '(2, 1), (4, 3), (6, 5)'],
  },
];

const ALL = [...CHANGES, ...TOGETHER].map((change, index) => ({
  ...change,
  title: `${change.columns}: ${change.rows}`,
  tables: [change.rows, change.again ?? change.rows, ...change.others].map((rows, at) => ({
    rows,
    name: `t_${String(index)}_${String(at)}`,
  })),
}));

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  await server.createDatabase('values');
  const made = ALL.flatMap(({ columns, tables }) =>
    tables.map(({ name, rows }) => `create table ${name} (${columns}); insert into ${name} values ${rows}`),
  );
  await server.sql('values', TYPES + made.join(';'));
});
afterAll(() => server[Symbol.asyncDispose]());

const printsOf = async (database: string, version: number): Promise<Map<string, string | null>> => {
  const facts = await factsOf(server, database, everyFact, { fingerprintVersion: version });
  expect(facts.fingerprintVersion).toBe(version);
  return new Map(facts.tables.map(({ name, fingerprint }) => [name, fingerprint]));
};

test.each([1, 2])('version %i tells every change, and nothing else', async (version) => {
  const prints = await printsOf('values', version);
  expect(prints.size).toBe(ALL.flatMap(({ tables }) => tables).length);
  expect([...prints.values()]).not.toContain(null);
  const wrong = ALL.flatMap(({ title, tables }) => {
    const [original, again, ...others] = tables.map(({ name }) => prints.get(name));
    return [
      ...(original === again ? [] : [`${title} is not the same as itself`]),
      ...others.flatMap((other, index) =>
        other === original ? [`${title} is the same as ${tables[index + 2]?.rows ?? ''}`] : [],
      ),
    ];
  });
  expect(wrong).toEqual([]);
});

test('the traps are some: the hash of the plain row sees no difference', async () => {
  for (const { tables, title } of ALL.filter(({ isTrap }) => isTrap === true)) {
    const [row] = await server.sql<{ hashes: string }>(
      'values',
      `select count(distinct hash_record_extended(row(v), 0)) as hashes
       from (${tables.map(({ name }) => `select v from ${name}`).join(' union all ')}) t`,
    );
    expect(row?.hashes, title).toBe('1');
  }
});

test('what pg_dump carries to another database has the same, in both versions', async () => {
  const { bytes, facts } = await dumpWithFacts(server, 'values');
  expect(facts.fingerprintVersion).toBe(2);
  await restoreDump(server, 'values_copy', bytes, []);
  for (const version of [1, 2]) {
    expect(await printsOf('values_copy', version)).toEqual(await printsOf('values', version));
  }
});
