import { describe, expect, test } from 'vitest';
import { BackupHistoryQuery } from '#lib/contracts/backup.ts';
import { DEFAULT_HISTORY_SEARCH, historyParams, isFiltered } from '#lib/client/history-search.ts';

const parse = (search: string) =>
  BackupHistoryQuery.safeParse(Object.fromEntries(new URLSearchParams(search)));

describe('historyParams', () => {
  test('is what the API accepts, with days as whole local days', () => {
    const params = historyParams({
      ...DEFAULT_HISTORY_SEARCH,
      page: 3,
      type: 'DAILY',
      status: 'FAILED',
      proof: 'PROVEN',
      from: '2026-11-01',
      to: '2026-11-01',
    });
    const parsed = parse(params);
    expect(parsed.error).toBeUndefined();
    expect(parsed.data).toMatchObject({
      page: 3,
      limit: 20,
      type: 'DAILY',
      status: 'FAILED',
      proof: 'PROVEN',
    });
    expect((parsed.data?.to?.getTime() ?? 0) - (parsed.data?.from?.getTime() ?? 0)).toBe(86_400_000 - 1);
  });

  test('leaves out a day that is none', () => {
    expect(historyParams({ ...DEFAULT_HISTORY_SEARCH, from: 'yesterday', to: '2026-13-45' })).not.toMatch(
      /from|to=/,
    );
  });

  test('knows whether anything is filtered', () => {
    expect(isFiltered(DEFAULT_HISTORY_SEARCH)).toBe(false);
    expect(isFiltered({ ...DEFAULT_HISTORY_SEARCH, page: 2, sort: 'size' })).toBe(false);
    expect(isFiltered({ ...DEFAULT_HISTORY_SEARCH, proof: 'NEVER' })).toBe(true);
    expect(isFiltered({ ...DEFAULT_HISTORY_SEARCH, to: '2026-11-01' })).toBe(true);
  });
});
