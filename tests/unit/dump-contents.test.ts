import { expect, test } from 'vitest';
import { kindsOf, readContents, selectTables, tablesOf } from '#lib/restore/dump-contents.ts';

/** As pg_restore --list --verbose prints it; abridged. */
const PRINTED = `;
; Archive created at 2026-11-21 01:00:00 UTC
;     dbname: shop
;     Format: CUSTOM
;     Dumped from database version: 15.18 (Debian 15.18-0+deb12u1)
;
;
; Selected TOC Entries:
;
1; 2615 100 SCHEMA - sales app
10; 1259 101 TABLE sales events app
;	depends on: 1
11; 1259 102 TABLE sales events_2026 app
;	depends on: 1
12; 0 0 TABLE ATTACH sales events_2026 app
;	depends on: 11 10
20; 1259 103 TABLE public items app
21; 1259 104 SEQUENCE public items_id_seq app
22; 0 0 SEQUENCE OWNED BY public items_id_seq app
;	depends on: 21 20
23; 2604 105 DEFAULT public items id app
;	depends on: 21 20
30; 1259 106 TABLE public orders app
31; 1259 107 VIEW public totals app
;	depends on: 20 30
40; 1259 108 TABLE public special_items app
;	depends on: 20
50; 0 101 TABLE DATA sales events app
;	depends on: 10
51; 0 102 TABLE DATA sales events_2026 app
;	depends on: 11
52; 0 103 TABLE DATA public items app
;	depends on: 20
53; 0 0 SEQUENCE SET public items_id_seq app
;	depends on: 21
60; 2606 109 CONSTRAINT public items items_pkey app
;	depends on: 20
61; 2606 110 FK CONSTRAINT public orders orders_item_fkey app
;	depends on: 30 60 20
`;
const contents = readContents(PRINTED);
const known = tablesOf(contents);
const idsOf = (list: ReadonlySet<number>): number[] => [...list].toSorted((a, b) => a - b);

test('a dump tells of itself', () => {
  expect(contents).toMatchObject({
    database: 'shop',
    createdAt: '2026-11-21 01:00:00 UTC',
    productVersion: '15.18',
  });
  expect(known.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
    'sales.events',
    'sales.events_2026',
    'public.items',
    'public.orders',
    'public.special_items',
  ]);
  expect(kindsOf(contents)).toMatch(/^1 SCHEMA, 5 TABLE, 1 TABLE ATTACH, 1 SEQUENCE, /);
});

test('a partitioned table comes with its partitions and their rows', () => {
  const { tables, list } = selectTables(contents, known, ['events'], false);
  expect(tables.map(({ name }) => name)).toEqual(['events', 'events_2026']);
  expect(idsOf(list)).toEqual([10, 11, 12, 50, 51]);
});

test('with what is built on it: default, owned sequence and its position, key, foreign keys of others, views', () => {
  const { list, leftOut } = selectTables(contents, known, ['public.items', 'special_items'], false);
  expect(idsOf(list)).toEqual([20, 21, 22, 23, 31, 40, 52, 53, 60, 61]);
  expect(leftOut).toEqual([]);
});

test('in a new database with what it needs, and without what needs other tables', () => {
  const { list, leftOut } = selectTables(contents, known, ['items'], true);
  expect(idsOf(list)).toEqual([20, 21, 22, 23, 52, 53, 60]);
  expect(leftOut).toEqual([
    'VIEW public totals app',
    'TABLE public special_items app',
    'FK CONSTRAINT public orders orders_item_fkey app',
  ]);
  expect(idsOf(selectTables(contents, known, ['events'], true).list)).toEqual([1, 10, 11, 12, 50, 51]);
});

test('refuses an unknown table, and one that a table is built on which was not chosen', () => {
  expect(() => selectTables(contents, known, ['nowhere'], false)).toThrow(
    'there is no table "nowhere" in the backup',
  );
  expect(() => selectTables(contents, known, ['items'], false)).toThrow(
    '"public special_items app" is built on a chosen table',
  );
});
