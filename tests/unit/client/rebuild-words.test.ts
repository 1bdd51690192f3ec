import { expect, test } from 'vitest';
import { foundText, hasNews, newsOf, retentionText } from '#lib/client/rebuild-words.ts';
import type { RebuildResult } from '#lib/contracts/rebuild.ts';

const result = (values: Partial<RebuildResult>): RebuildResult => ({
  archives: 0,
  known: 0,
  sources: [],
  refused: [],
  refusedCount: 0,
  unreachable: [],
  ...values,
});
const source = (backups: number, copies = 0, expiring = 0): RebuildResult['sources'][number] => ({
  id: '00000000-0000-4000-8000-000000000001',
  name: 'shop',
  kind: 'postgres',
  backups,
  copies,
  sizeBytes: 10,
  oldestAt: null,
  newestAt: null,
  expiring,
});
const away = [
  { destination: 's3' as const, error: { code: 'storage_unreachable', message: 'no', hint: null } },
];

test.each([
  [result({}), 'No archive was found.'],
  [result({ unreachable: away }), 'No archive was found where it could be looked.'],
  [result({ archives: 1, known: 1 }), '1 archive found: 1 copy known already, nothing not in the history.'],
  [result({ archives: 1, sources: [source(1)] }), '1 archive found: 1 backup not in the history.'],
  [
    result({ archives: 9, known: 2, refusedCount: 3, sources: [source(3), source(1, 2)] }),
    '9 archives found: 2 copies known already, 3 that cannot be recorded, 4 backups and 2 further copies not in the history.',
  ],
])('what was found is told in a sentence', (found, text) => {
  expect(foundText(found)).toBe(text);
});

test('what is new is counted as one and as several', () => {
  expect(newsOf(result({ sources: [source(1)] }))).toBe('1 backup');
  expect(newsOf(result({ sources: [source(0, 1)] }))).toBe('1 further copy');
  expect(hasNews(result({ archives: 5, known: 5 }))).toBe(false);
  expect(hasNews(result({ sources: [source(0, 1)] }))).toBe(true);
});

test('how many retention would let go of is told where there are any', () => {
  expect(retentionText(result({ sources: [source(9, 0, 4), source(2, 0, 1)] }))).toContain(
    'lets go of 5 of them',
  );
  expect(retentionText(result({ sources: [source(9)] }))).not.toContain('lets go');
  expect(retentionText(result({ sources: [source(9)] }))).toContain('24 hours');
});
