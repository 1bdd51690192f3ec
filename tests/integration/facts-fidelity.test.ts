import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OBJECT_KINDS, type Facts } from '#lib/contracts/facts.ts';
import { comparable, dumpWithFacts, factsOf, restoreDump } from '#tests/support/facts.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';

let source: TestPostgres;
let target: TestPostgres;
let dumped: { bytes: Buffer; facts: Facts };
const torture = readFileSync(new URL('../fixtures/sql/torture.sql', import.meta.url), 'utf8');

beforeAll(async () => {
  [source, target] = await Promise.all([startPostgres(), startPostgres()]);
  await source.createDatabase('torture');
  await source.sql('torture', torture);
  dumped = await dumpWithFacts(source, 'torture');
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

describe('a database with every kind of object', () => {
  test('every kind is found in it, and nothing is unknown that could be known', () => {
    const { facts } = dumped;
    expect(facts.unknownObjects).toEqual({});
    expect(OBJECT_KINDS.filter((kind) => (facts.objects?.[kind] ?? []).length === 0)).toEqual([]);
    expect(
      facts.tables.filter(({ unknown }) => unknown !== null).map(({ name, unknown }) => [name, unknown]),
    ).toEqual([['abroad', 'foreign-table']]);
    expect(facts.tableCount).toBe(facts.tables.length - 1);
    expect(facts.sequences?.filter(({ unknown }) => unknown !== null)).toEqual([]);
    expect(facts.largeObjects).toMatchObject({ count: 4, unknown: null });
    expect(facts.roles).toEqual(['Odd "Role', 'postgres', 'torture_owner', 'torture_reader']);
    for (const kind of OBJECT_KINDS) {
      const names = facts.objects?.[kind]?.map(({ name }) => name) ?? [];
      expect(new Set(names).size, kind).toBe(names.length);
      expect(
        names.every((name) => name !== ''),
        kind,
      ).toBe(true);
    }
    expect(JSON.stringify(facts)).not.toMatch(/nottold|not told/);
  });

  test('a copy restored by pg_restore in another cluster shows the same facts, all of them', async () => {
    await restoreDump(target, 'copy', dumped.bytes, dumped.facts.roles ?? []);
    expect(comparable(await factsOf(target, 'copy'))).toEqual(comparable(dumped.facts));
  });

  test('the database itself is described, its keys as hashes', () => {
    expect(dumped.facts.database).toMatchObject({
      owner: 'postgres',
      encoding: 'UTF8',
      localeProvider: 'libc',
      connectionLimit: -1,
      settings: [
        expect.stringMatching(/^app\.key=#[0-9a-f]{32}$/) as string,
        'torture_reader: DateStyle=SQL, DMY',
        'work_mem=5MB',
      ],
      commentPrint: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(dumped.facts.database?.grants).toContain('torture_reader=c/postgres');
  });
});
