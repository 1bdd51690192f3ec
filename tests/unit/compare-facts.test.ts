import { expect, test } from 'vitest';
import { UNKNOWN_REASONS, type Facts, type SequenceFact, type TableFact } from '#lib/contracts/facts.ts';
import { listNames } from '#lib/sources/judged.ts';
import { compareFacts } from '#lib/sources/postgres/compare-facts.ts';

const print = (digit: string): string => digit.repeat(32);
const table = (name: string, more: Partial<TableFact> = {}): TableFact => ({
  schema: 'public',
  name,
  kind: 'table',
  rows: 12,
  fingerprint: print('a'),
  unknown: null,
  bytes: 8192,
  ...more,
});
const sequence = (more: Partial<SequenceFact> = {}): SequenceFact => ({
  schema: 'public',
  name: 's',
  before: { last: '10', isCalled: true },
  after: { last: '20', isCalled: true },
  unknown: null,
  column: { schema: 'public', table: 'a', name: 'id', extreme: '15' },
  ...more,
});
const at = (last: string, isCalled = true): SequenceFact =>
  sequence({ before: { last, isCalled }, after: { last, isCalled } });
const facts = (more: Partial<Facts> = {}): Facts => ({
  tableCount: 1,
  tables: [table('a')],
  fingerprintVersion: 2,
  sequences: [],
  largeObjects: null,
  objects: {},
  unknownObjects: {},
  database: null,
  roles: [],
  files: null,
  keys: null,
  durationMs: 1,
  ...more,
});
const none = { incomparable: {}, descending: new Set<string>() };
const check = (name: string, expected: Facts, found: Facts, how: Parameters<typeof compareFacts>[2] = none) =>
  compareFacts(expected, found, how).find((one) => one.name === name);

test('names are listed up to a point', () => {
  expect(listNames(['a', 'b'])).toBe('a, b');
  expect(listNames('a b c d e f g h i j k l'.split(' '))).toBe('a, b, c, d, e, and 7 more');
});

test('equal facts pass, and say what was compared', () => {
  const checks = compareFacts(facts(), facts(), none);
  expect(checks.filter(({ verdict }) => verdict === 'FAILED')).toEqual([]);
  expect(check('rows:public.a', facts(), facts())).toMatchObject({
    verdict: 'PASSED',
    expected: '12 rows',
    found: '12 rows',
  });
});

test('a table missing and one too many are named', () => {
  const found = facts({ tables: [table('b')] });
  expect(check('tables', facts(), found)).toMatchObject({
    verdict: 'FAILED',
    reason: 'missing: public.a; not in the backup: public.b',
  });
});

test('what else is there is named and no fault where it stays; what is missing or other is', () => {
  const beside = { ...none, keepsOthers: true };
  const both = facts({
    tables: [table('a'), table('b')],
    largeObjects: { count: 2, fingerprint: null, unknown: null },
  });
  expect(check('tables', facts(), both, beside)).toMatchObject({
    verdict: 'PASSED',
    found: '2 tables, of which 1 is not in the backup and stays: public.b',
  });
  expect(check('tables', facts(), facts({ tables: [table('b')] }), beside)).toMatchObject({
    verdict: 'FAILED',
    reason: expect.stringContaining('missing: public.a') as string,
  });
  const view = (name: string, digit: string) => ({ name: `public.${name}`, print: print(digit) });
  const objects = (...views: ReturnType<typeof view>[]) => facts({ objects: { views } });
  expect(
    check('views', objects(view('v', '1')), objects(view('v', '1'), view('w', '2')), beside),
  ).toMatchObject({
    verdict: 'PASSED',
    found: '2, of which 1 is not in the backup and stays: public.w',
  });
  expect(check('views', objects(view('v', '1')), objects(view('v', '3')), beside)?.verdict).toBe('FAILED');
  const one = facts({ largeObjects: { count: 1, fingerprint: null, unknown: null } });
  expect(check('large-objects', one, both, beside)?.verdict).toBe('UNKNOWN');
  expect(check('large-objects', both, one, beside)?.verdict).toBe('FAILED');
});

test('one row is one row', () => {
  expect(check('rows:public.a', facts(), facts({ tables: [table('a', { rows: 1 })] }))).toMatchObject({
    verdict: 'FAILED',
    found: '1 row',
    reason: '11 rows missing',
  });
});

test('a schema and a table whose names join alike are told apart', () => {
  const two = [table('c', { schema: 'a.b', rows: 1 }), table('b.c', { schema: 'a', rows: 2 })];
  const checks = compareFacts(facts({ tables: two }), facts({ tables: two.toReversed() }), none);
  expect(checks.filter(({ verdict }) => verdict === 'FAILED')).toEqual([]);
});

test('what the manifest does not know is UNKNOWN with words; only a real gap keeps from a proof', () => {
  const required = UNKNOWN_REASONS.filter((unknown) => {
    const expected = facts({ tables: [table('a', { rows: null, fingerprint: null, unknown })] });
    const rows = check('rows:public.a', expected, facts());
    expect(rows).toMatchObject({ verdict: 'UNKNOWN', found: null });
    expect(rows?.reason).toMatch(/^\w+ .* /);
    return rows?.isRequired;
  });
  expect(required).toEqual([
    'not-recorded',
    'permission',
    'no-snapshot',
    'time-limit',
    'unsupported',
    'query-failed',
  ]);
});

test('what the copy does not show is required, whatever the reason', () => {
  const found = facts({ tables: [table('a', { rows: null, fingerprint: null, unknown: 'too-large' })] });
  expect(check('rows:public.a', facts(), found)).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: true,
    expected: '12 rows',
  });
  expect(check('content:public.a', facts(), found)).toMatchObject({ verdict: 'UNKNOWN', isRequired: true });
  const blind = facts({ objects: null, unknownObjects: { indexes: 'query-failed' } });
  expect(check('indexes', facts({ objects: { indexes: [] } }), blind)).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: true,
  });
});

test('a fingerprint that the server of the copy cannot take proves nothing and refutes nothing', () => {
  const found = facts({ tables: [table('a', { fingerprint: null, unknown: 'unsupported' })] });
  expect(check('rows:public.a', facts(), found)?.verdict).toBe('PASSED');
  expect(check('content:public.a', facts(), found)).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: true,
    reason: 'in the restored copy the server cannot compute it as the backup did',
  });
});

test('a fingerprint that was not taken leaves the rows their proof', () => {
  for (const unknown of ['switched-off', 'too-large', 'time-limit'] as const) {
    const expected = facts({ tables: [table('a', { fingerprint: null, unknown })] });
    expect(check('rows:public.a', expected, facts())?.verdict).toBe('PASSED');
    expect(check('content:public.a', expected, facts())).toMatchObject({
      verdict: 'UNKNOWN',
      isRequired: false,
    });
  }
});

test('a sequence must lie between its two readings', () => {
  const verdict = (expected: SequenceFact, found: SequenceFact) =>
    check('sequence:public.s', facts({ sequences: [expected] }), facts({ sequences: [found] }))?.verdict;
  expect(['9', '10', '15', '20', '21'].map((last) => verdict(sequence(), at(last)))).toEqual([
    'FAILED',
    'PASSED',
    'PASSED',
    'PASSED',
    'FAILED',
  ]);
  expect(verdict(sequence(), at('10', false))).toBe('FAILED');
  const down = sequence({ before: { last: '-5', isCalled: true }, after: { last: '-9', isCalled: true } });
  expect(['-4', '-5', '-9', '-10'].map((last) => verdict(down, at(last)))).toEqual([
    'FAILED',
    'PASSED',
    'PASSED',
    'FAILED',
  ]);
  const huge = at('9223372036854775807');
  expect(verdict(huge, huge)).toBe('PASSED');
  expect(verdict(huge, at('9223372036854775806'))).toBe('FAILED');
  expect(verdict(at('1', false), at('1'))).toBe('FAILED');
});

test('a sequence behind its column fires, unless the source was no better', () => {
  const ahead = (expected: SequenceFact, found: SequenceFact, descending: string[] = []) =>
    check('sequences-ahead', facts({ sequences: [expected] }), facts({ sequences: [found] }), {
      incomparable: {},
      descending: new Set(descending),
    });
  expect(ahead(sequence(), at('15'))?.verdict).toBe('PASSED');
  expect(ahead(sequence(), at('15', false))?.verdict).toBe('FAILED');
  expect(ahead(sequence(), at('14'))).toMatchObject({
    verdict: 'FAILED',
    reason: expect.stringContaining('public.s') as string,
  });
  expect(ahead(at('3'), at('3'))).toMatchObject({
    verdict: 'PASSED',
    found: 'behind as at the source: public.s',
  });
  const column = { schema: 'public', table: 'a', name: 'id', extreme: '-7' };
  const down = (last: string) => ({ ...at(last), column });
  expect(ahead(down('-7'), down('-7'), ['public.s'])?.verdict).toBe('PASSED');
  expect(ahead(down('-7'), down('-6'), ['public.s'])?.verdict).toBe('FAILED');
});

test('a sequence that is gone fires', () => {
  const checks = compareFacts(facts({ sequences: [sequence()] }), facts(), none);
  expect(checks.filter(({ verdict }) => verdict === 'FAILED').map(({ name }) => name)).toEqual([
    'sequence:public.s',
  ]);
});

test('objects missing, unexpected and different are named with their notes', () => {
  const expected = facts({
    objects: {
      extensions: [
        { name: 'hstore', print: '1', note: '1.8' },
        { name: 'citext', print: '1', note: '1.6' },
      ],
    },
  });
  const found = facts({
    objects: {
      extensions: [
        { name: 'hstore', print: '1', note: '1.7' },
        { name: 'cube', print: '1' },
      ],
    },
  });
  expect(check('extensions', expected, found)).toMatchObject({
    verdict: 'FAILED',
    reason: 'missing: citext (1.6); not in the backup: cube; different: hstore (1.8, found 1.7)',
  });
});

test('what this place cannot show is told and not judged', () => {
  const expected = facts({ objects: { owners: [{ name: 'public.a', print: '1' }] } });
  const found = facts({ objects: { owners: [{ name: 'public.a', print: '2' }] } });
  expect(check('owners', expected, found)?.verdict).toBe('FAILED');
  expect(
    check('owners', expected, found, { ...none, incomparable: { owners: 'another server' } }),
  ).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: false,
    reason: 'another server',
  });
});

test('a manifest of an older version, which knows rows only, still proves these', () => {
  const expected = facts({ sequences: null, objects: null, roles: null });
  const checks = compareFacts(expected, facts({ objects: { indexes: [{ name: 'i', print: '1' }] } }), none);
  expect(checks.filter(({ verdict }) => verdict === 'FAILED')).toEqual([]);
  expect(checks.filter(({ verdict, isRequired }) => verdict === 'UNKNOWN' && isRequired)).toEqual([]);
});

test('large objects: count, then content', () => {
  const large = (count: number, fingerprint: string | null) =>
    facts({ largeObjects: { count, fingerprint, unknown: fingerprint === null ? 'switched-off' : null } });
  expect(check('large-objects', large(2, print('a')), large(2, print('a')))?.verdict).toBe('PASSED');
  expect(check('large-objects', large(2, print('a')), large(1, print('b')))).toMatchObject({
    verdict: 'FAILED',
    found: '1 large object',
  });
  expect(check('large-objects', large(2, print('a')), large(2, print('b')))?.verdict).toBe('FAILED');
  expect(check('large-objects', large(2, null), large(2, print('b')))).toMatchObject({
    verdict: 'UNKNOWN',
    isRequired: false,
  });
});
