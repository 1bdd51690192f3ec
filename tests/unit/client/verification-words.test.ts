import { describe, expect, test } from 'vitest';
import type { Check } from '#lib/contracts/verification.ts';
import { checkKindWord, checkParts, groupChecks, matchesCheck } from '#lib/client/verification-words.ts';

const check = (name: string, verdict: Check['verdict'] = 'PASSED', isRequired = true): Check => ({
  name,
  verdict,
  isRequired,
  expected: '3',
  found: '3',
  reason: null,
  durationMs: 1,
});

describe('groupChecks', () => {
  test('puts failed first, then unknown with the required ones ahead, then passed by kind', () => {
    const groups = groupChecks([
      check('sha256'),
      check('rows:a'),
      check('amcheck', 'UNKNOWN', false),
      check('content:a', 'UNKNOWN'),
      check('rows:b'),
      check('indexes', 'FAILED'),
    ]);
    expect(groups.map(({ key, checks }) => [key, checks.map(({ name }) => name)])).toEqual([
      ['FAILED', ['indexes']],
      ['UNKNOWN', ['content:a', 'amcheck']],
      ['PASSED sha256', ['sha256']],
      ['PASSED rows', ['rows:a', 'rows:b']],
    ]);
  });

  test('makes nothing of nothing', () => {
    expect(groupChecks([])).toEqual([]);
  });
});

test('a name is its kind, and after the first colon its subject', () => {
  expect(checkParts('sql:a: b')).toEqual({ kind: 'sql', subject: 'a: b' });
  expect(checkParts('sha256')).toEqual({ kind: 'sha256', subject: null });
  expect(checkKindWord('a-kind-of-tomorrow', null)).toBe('A kind of tomorrow');
  // One of many is of a table; the only one of its kind is of all files.
  expect(checkKindWord('content', 'public.items')).toBe('Content of a table');
  expect(checkKindWord('content', null)).toBe('Names and contents');
  expect(checkKindWord('keys', 'db0')).toBe('Keys');
});

test('a check is found by every word of the search, in its name, its words or its values', () => {
  const rows = check('rows:public.items');
  expect(matchesCheck(rows, 'ITEMS rows')).toBe(true);
  expect(matchesCheck(rows, 'table 3')).toBe(true);
  expect(matchesCheck(rows, 'items orders')).toBe(false);
});
