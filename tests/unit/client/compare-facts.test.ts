import { describe, expect, test } from 'vitest';
import { Facts } from '#lib/contracts/facts.ts';
import { compareFacts, isChanged } from '#lib/client/compare-facts.ts';

const print = (digit: string): string => digit.repeat(32);
const table = (name: string, rows: number | null, fingerprint: string | null) => ({
  schema: 'public',
  name,
  rows,
  fingerprint,
});
const facts = (tables: ReturnType<typeof table>[], objects: Facts['objects'] = null): Facts =>
  Facts.parse({ tableCount: tables.length, tables, objects });
const names = (tables: readonly { name: string }[]): string[] => tables.map(({ name }) => name);

describe('compareFacts', () => {
  test('finds nothing between equal facts', () => {
    const same = facts([table('items', 2, print('a'))], { indexes: [{ name: 'i', print: '1' }] });
    const { tables, objects } = compareFacts(same, same);
    expect(tables).toMatchObject([{ presence: 'both', difference: 0, content: 'same' }]);
    expect(tables.some(isChanged)).toBe(false);
    expect(objects).toEqual([]);
  });

  test('sorts by what changed: presence, share of the rows, content alone, unknown, same', () => {
    const a = facts([
      table('same', 5, print('a')),
      table('unknown', 5, null),
      table('edited', 5, print('a')),
      table('large', 1_000_000, print('a')),
      table('halved', 100, print('a')),
      table('gone', 1, print('a')),
    ]);
    const b = facts([
      table('new', 1, print('a')),
      table('same', 5, print('a')),
      table('unknown', 5, null),
      table('edited', 5, print('b')),
      table('large', 1_000_100, print('b')),
      table('halved', 50, print('b')),
    ]);
    const { tables } = compareFacts(a, b);
    expect(names(tables)).toEqual(['gone', 'new', 'halved', 'large', 'edited', 'unknown', 'same']);
    expect(names(tables.filter(isChanged))).toEqual(['gone', 'new', 'halved', 'large', 'edited']);
    expect(tables.find(({ name }) => name === 'halved')).toMatchObject({
      rowsA: 100,
      rowsB: 50,
      difference: -50,
      content: 'different',
    });
  });

  test('does not guess: rows or content that one side does not know are unknown', () => {
    const [counted] = compareFacts(
      facts([table('t', null, null)]),
      facts([table('t', 3, print('a'))]),
    ).tables;
    expect(counted).toMatchObject({ difference: null, content: 'unknown' });
    // Another count is another content, with or without fingerprints.
    const [fewer] = compareFacts(facts([table('t', 4, null)]), facts([table('t', 3, null)])).tables;
    expect(fewer).toMatchObject({ difference: -1, content: 'different' });
  });

  test('calls no rows changed because one backup has fingerprints of another version', () => {
    const rows = [table('t', 2, print('a')), table('fewer', 2, print('a')), table('empty', 0, print('0'))];
    const a = facts(rows);
    expect(a.fingerprintVersion).toBe(1);
    const b = {
      ...facts([table('t', 2, print('b')), table('fewer', 1, print('b')), table('empty', 0, print('0'))]),
      fingerprintVersion: 2,
    };
    for (const { tables } of [compareFacts(a, b), compareFacts(b, a)]) {
      expect(tables.map(({ name, content }) => [name, content])).toEqual([
        ['fewer', 'different'],
        ['t', 'unknown'],
        ['empty', 'same'],
      ]);
    }
    const [t] = compareFacts({ ...a, fingerprintVersion: 2 }, b).tables.filter(({ name }) => name === 't');
    expect(t?.content).toBe('different');
  });

  test('tells tables of one name in two schemas apart', () => {
    const other = facts([{ ...table('t', 1, print('a')), schema: 'sales' }]);
    expect(compareFacts(facts([table('t', 1, print('a'))]), other).tables).toMatchObject([
      { schema: 'public', presence: 'only-a' },
      { schema: 'sales', presence: 'only-b' },
    ]);
  });

  test('names objects that came, went or changed, and the kinds it could not compare', () => {
    const a = facts([], {
      indexes: [
        { name: 'kept', print: '1' },
        { name: 'dropped', print: '1' },
      ],
      extensions: [{ name: 'pgcrypto', print: '1', note: '1.2' }],
      views: [{ name: 'v', print: '1' }],
    });
    const b = facts([], {
      indexes: [
        { name: 'kept', print: '1' },
        { name: 'made', print: '1' },
      ],
      extensions: [{ name: 'pgcrypto', print: '2', note: '1.3' }],
    });
    const { objects, unknownKinds } = compareFacts(a, b);
    expect(objects).toEqual([
      { kind: 'extensions', name: 'pgcrypto', change: 'changed', noteA: '1.2', noteB: '1.3' },
      { kind: 'indexes', name: 'dropped', change: 'only-a', noteA: null, noteB: null },
      { kind: 'indexes', name: 'made', change: 'only-b', noteA: null, noteB: null },
    ]);
    expect(unknownKinds).toContain('views');
    expect(unknownKinds).not.toContain('indexes');
  });
});
