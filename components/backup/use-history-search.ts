'use client';
import {
  parseAsInteger,
  parseAsNumberLiteral,
  parseAsString,
  parseAsStringLiteral,
  useQueryState,
  useQueryStates,
} from 'nuqs';
import { BACKUP_STATUSES, SORT_FIELDS, TIERS } from '#lib/contracts/backup.ts';
import { DEFAULT_HISTORY_SEARCH, PAGE_SIZES, type HistorySearch } from '#lib/client/history-search.ts';

const day = parseAsString.withOptions({ history: 'replace' });
const parsers = {
  page: parseAsInteger.withDefault(1),
  limit: parseAsNumberLiteral(PAGE_SIZES).withDefault(20),
  type: parseAsStringLiteral(TIERS),
  status: parseAsStringLiteral(BACKUP_STATUSES),
  from: day,
  to: day,
  sort: parseAsStringLiteral(SORT_FIELDS).withDefault(DEFAULT_HISTORY_SEARCH.sort),
  order: parseAsStringLiteral(['asc', 'desc'] as const).withDefault(DEFAULT_HISTORY_SEARCH.order),
};

/** The history's filters, order and page, kept in the URL. Any change but of the page goes back to page 1. */
export function useHistorySearch(): {
  readonly search: HistorySearch;
  readonly change: (changes: Partial<HistorySearch>) => void;
  readonly clearFilters: () => void;
} {
  const [raw, set] = useQueryStates(parsers, { history: 'push', scroll: false });
  const search: HistorySearch = { ...raw, page: Math.max(1, raw.page) };
  const change = (changes: Partial<HistorySearch>) => {
    void set({ page: 1, ...changes });
  };
  return {
    search,
    change,
    clearFilters: () => {
      change({ type: null, status: null, from: null, to: null });
    },
  };
}

/** The backup whose drawer is open, kept in the URL as `?backup=`. */
export function useOpenBackup(): readonly [string | null, (id: string | null) => void] {
  const [id, setId] = useQueryState('backup', parseAsString.withOptions({ history: 'push', scroll: false }));
  return [
    id,
    (next) => {
      void setId(next);
    },
  ];
}
