import type { HistorySearch } from './history-search.ts';

/** Every query key of the browser. `all` of a noun is the prefix to invalidate after a change. */
export const queryKeys = {
  overview: ['overview'] as const,
  backups: {
    all: ['backups'] as const,
    history: (search: HistorySearch) => ['backups', 'history', search] as const,
    detail: (id: string) => ['backups', 'detail', id] as const,
  },
  settings: ['settings'] as const,
  users: ['users'] as const,
  tokens: ['tokens'] as const,
  audit: ['audit'] as const,
};
