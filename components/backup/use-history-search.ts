'use client';
import {
  parseAsInteger,
  parseAsNumberLiteral,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from 'nuqs';
import { BACKUP_STATUSES, PROOF_STATES, SORT_FIELDS, TIERS } from '#lib/contracts/backup.ts';
import { checkSearchParsers } from '#components/verification/use-check-search.ts';
import { DEFAULT_HISTORY_SEARCH, PAGE_SIZES, type HistorySearch } from '#lib/client/history-search.ts';

const day = parseAsString.withOptions({ history: 'replace' });
const parsers = {
  page: parseAsInteger.withDefault(1),
  limit: parseAsNumberLiteral(PAGE_SIZES).withDefault(20),
  source: parseAsString,
  type: parseAsStringLiteral(TIERS),
  status: parseAsStringLiteral(BACKUP_STATUSES),
  proof: parseAsStringLiteral(PROOF_STATES),
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
      change({ source: null, type: null, status: null, proof: null, from: null, to: null });
    },
  };
}

export const DRAWER_TABS = ['summary', 'checks', 'tables', 'manifest', 'log'] as const;
export type DrawerTab = (typeof DRAWER_TABS)[number];
const drawerParsers = {
  backup: parseAsString,
  tab: parseAsStringLiteral(DRAWER_TABS).withDefault('summary'),
  verification: parseAsString,
  ...checkSearchParsers,
};

export interface OpenBackup {
  readonly id: string | null;
  readonly tab: DrawerTab;
  /** The verification whose checks and log are shown; null: the newest. */
  readonly verificationId: string | null;
}

/**
 * The backup whose drawer is open and what it shows, kept in the URL as `?backup=…&tab=…&verification=…`. What is looked for in a
 * tab is left behind with it.
 */
export function useOpenBackup(): readonly [OpenBackup, (next: Partial<OpenBackup>) => void] {
  const [{ backup, tab, verification }, set] = useQueryStates(drawerParsers, {
    history: 'push',
    scroll: false,
  });
  return [
    { id: backup, tab, verificationId: verification },
    ({ id, ...more }) => {
      void set({
        ...(id === undefined ? {} : { backup: id, tab: 'summary', verification: null }),
        ...(id === undefined && more.tab === undefined ? {} : { find: null, verdict: null }),
        ...(more.tab === undefined ? {} : { tab: more.tab }),
        ...(more.verificationId === undefined ? {} : { verification: more.verificationId }),
      });
    },
  ];
}
