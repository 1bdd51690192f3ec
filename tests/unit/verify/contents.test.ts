import { expect, test } from 'vitest';
import { compareContents, isOfDatabase } from '#lib/verify/contents.ts';

const list = (...entries: string[]): string =>
  [
    '; Archive created at …',
    ...entries.map((entry, index) => `${String(200 + index)}; 1259 16389 ${entry}`),
    '',
  ].join('\n');
const table = (name: string, schema = 'public') => ({ schema, name });

test('an archive that lists the tables of its manifest, and their rows, agrees', () => {
  const text = list(
    'TABLE public items postgres',
    'TABLE public order lines the owner',
    'FOREIGN TABLE public far postgres',
    'TABLE public no owner ',
    'VIEW public seen postgres',
    'TABLE ATTACH public events_2026 postgres',
    'TABLE DATA public items postgres',
    'TABLE DATA public settings of an extension postgres',
    'SEQUENCE SET public items_id_seq postgres',
  );
  const tables = ['items', 'order lines', 'far', 'no owner', 'settings of an extension'].map((name) =>
    table(name),
  );
  expect(compareContents(text, tables)).toEqual({ missing: [], unexpected: [] });
});

test('what is missing and what is not expected is named', () => {
  const text = list(
    'TABLE public items postgres',
    'TABLE DATA public items postgres',
    'TABLE sales other postgres',
  );
  expect(compareContents(text, [table('items'), table('users')])).toEqual({
    missing: ['public.users'],
    unexpected: ['sales other postgres'],
  });
});

test('a name that begins with another is not taken for it', () => {
  const both = list('TABLE public a postgres', 'TABLE public a b postgres');
  expect(compareContents(both, [table('a'), table('a b')])).toEqual({ missing: [], unexpected: [] });
  expect(compareContents(both, [table('a')]).unexpected).toHaveLength(1);
  expect(compareContents(list('TABLE public a postgres'), [table('a'), table('a b')]).missing).toEqual([
    'public.a b',
  ]);
});

test('the head of the list tells of which database it is, whatever that is called', () => {
  const of = (database: string): string =>
    `;\n; Archive created at …\n;     dbname: ${database}\n;     TOC Entries: 9\n`;
  expect(isOfDatabase(of('shop'), 'shop')).toBe(true);
  expect(isOfDatabase(of('two lines'), 'two\nlines')).toBe(true);
  expect(isOfDatabase(of('shop_2'), 'shop')).toBe(false);
  expect(isOfDatabase(of('shop'), 'shop_2')).toBe(false);
});
