import { describe, expect, test } from 'vitest';
import { Facts } from '#lib/contracts/facts.ts';
import { columnDifferences } from '#lib/core/column-differences.ts';
import { sideNames, sideSchemas } from '#lib/core/side-schema.ts';
import { chooseTables } from '#lib/restore/choose-tables.ts';
import { readContents } from '#lib/restore/dump-contents.ts';
import { rowsList } from '#lib/restore/rows-list.ts';

const facts = Facts.parse({
  tableCount: 5,
  tables: [
    { schema: 'public', name: 'orders' },
    { schema: 'sales', name: 'orders' },
    { schema: 'sales', name: 'days', kind: 'partitioned' },
    { schema: 'sales', name: 'days under' },
    { schema: 'sales', name: 'child' },
  ],
  objects: {
    inheritance: [
      { name: 'sales."days under" under sales.days', print: '' },
      // Not a partition: its rows are its own.
      { name: 'sales.child under public.orders', print: '' },
    ],
  },
});
const labels = (tables: readonly { readonly schema: string; readonly name: string }[]): string[] =>
  tables.map(({ schema, name }) => `${schema}.${name}`);

describe('a choice of tables', () => {
  test('a name without a schema means each of that name', () => {
    const { tables, missing } = chooseTables(facts, ['orders', 'nothing']);
    expect(labels(tables)).toEqual(['public.orders', 'sales.orders']);
    expect(missing).toEqual(['nothing']);
  });

  test('a partitioned table comes with its partitions, as one', () => {
    const { tables, members } = chooseTables(facts, ['sales.days', 'days under']);
    expect(labels(tables)).toEqual(['sales.days']);
    expect(labels(members)).toEqual(['sales.days', 'sales.days under']);
    expect(labels(chooseTables(facts, ['public.orders']).members)).toEqual(['public.orders']);
  });
});

test('a list of rows holds every definition, and the rows of the chosen tables alone', () => {
  const contents = readContents(
    [
      '1; 2615 1 SCHEMA - sales app',
      '2; 1259 2 TABLE public orders app',
      '3; 1259 3 TABLE public orders paid app',
      '4; 0 2 TABLE DATA public orders app',
      '5; 0 3 TABLE DATA public customers app',
      '6; 0 0 SEQUENCE SET public orders_id_seq app',
      '7; 0 0 BLOBS - BLOBS',
    ].join('\n'),
  );
  const list = rowsList(contents, [{ schema: 'public', name: 'orders' }]);
  expect(
    list
      .trim()
      .split('\n')
      .map((line) => Number.parseInt(line, 10)),
  ).toEqual([1, 2, 3, 4, 6]);
});

describe('names beside the live tables', () => {
  test('are of the moment, and say what is in them', () => {
    const at = new Date('2026-11-05T12:34:56.789Z');
    expect(sideSchemas('side-schema', at)).toEqual({
      side: 'restored_20261105123456',
      keep: 'restored_20261105123456',
    });
    expect(sideSchemas('replace', at).keep).toBe('before_20261105123456');
    expect(sideSchemas('append', at).keep).toBe('added_20261105123456');
  });

  test('tell tables of one name apart, and fit', () => {
    const long = 'ü'.repeat(31);
    expect(
      sideNames([
        { schema: 'a', name: 'items' },
        { schema: 'b', name: 'items' },
        { schema: 'a', name: 'b_items' },
        { schema: 'a', name: long },
        { schema: 'b', name: long },
      ]),
    ).toEqual(['a_items', 'b_items', 'b_items_2', `a_${'ü'.repeat(30)}`, `b_${'ü'.repeat(30)}`]);
  });
});

describe('columns', () => {
  const column = (name: string, more: Partial<Parameters<typeof columnDifferences>[0][number]> = {}) => ({
    name,
    type: 'text',
    isRequired: false,
    isGenerated: false,
    ...more,
  });

  test('that are alike, or live only with a default, keep nothing out', () => {
    expect(columnDifferences([column('a')], [column('b'), column('a')])).toEqual([]);
    expect(columnDifferences([column('a', { isGenerated: true })], [column('a')])).toEqual([]);
  });

  test.each([
    ['gone', [column('a')], [], 'the column a is not in the live table'],
    [
      'of another type',
      [column('a')],
      [column('a', { type: 'integer' })],
      'the column a is text in the backup and integer live',
    ],
    [
      'computed live',
      [column('a')],
      [column('a', { isGenerated: true })],
      'the column a is computed live and holds values in the backup',
    ],
    [
      'needed live',
      [],
      [column('a', { isRequired: true })],
      'the live column a needs a value that the backup does not have',
    ],
  ])('that are %s are named', (_, backup, live, words) => {
    expect(columnDifferences(backup, live)).toEqual([words]);
  });
});
