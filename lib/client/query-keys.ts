import type { RestorePlan } from '../contracts/restore.ts';
import type { HistorySearch } from './history-search.ts';

/** Every query key of the browser. `all` of a noun is the prefix to invalidate after a change. */
export const queryKeys = {
  readiness: ['readiness'] as const,
  overview: ['overview'] as const,
  overviewOf: (source: string | null) => ['overview', source] as const,
  backups: {
    all: ['backups'] as const,
    history: (search: HistorySearch) => ['backups', 'history', search] as const,
    detail: (id: string) => ['backups', 'detail', id] as const,
    /** A manifest never changes, so it stands outside of what a change invalidates. */
    manifest: (id: string) => ['manifest', id] as const,
  },
  rebuilds: {
    /** A question to a worker, one for each try. */
    preview: (attempt: number) => ['rebuilds', 'preview', attempt] as const,
    detail: (id: string) => ['rebuilds', 'detail', id] as const,
  },
  verifications: {
    all: ['verifications'] as const,
    ofBackup: (backupId: string) => ['verifications', 'of-backup', backupId] as const,
    detail: (id: string) => ['verifications', 'detail', id] as const,
  },
  tables: {
    list: (source: string | null) => ['tables', 'list', source] as const,
    timeline: (source: string | null, name: string, dropPercent: number) =>
      ['tables', 'timeline', source, name, dropPercent] as const,
  },
  restores: {
    all: ['restores'] as const,
    list: ['restores', 'list'] as const,
    kept: ['restores', 'kept'] as const,
    detail: (id: string) => ['restores', 'detail', id] as const,
    /** Of where the databases stand; outside of what a change invalidates, because an exchange that runs refuses looks. */
    look: (id: string, standing: string, table: string) => ['restore-look', id, standing, table] as const,
    /** A question to a worker, outside of what a change invalidates. */
    preview: (backupId: string, plan: RestorePlan | null) => ['restore-preview', backupId, plan] as const,
  },
  drills: {
    all: ['drills'] as const,
    list: ['drills', 'list'] as const,
    detail: (id: string) => ['drills', 'detail', id] as const,
  },
  sources: {
    all: ['sources'] as const,
    list: ['sources', 'list'] as const,
    detail: (id: string) => ['sources', 'detail', id] as const,
  },
  log: ['log'] as const,
  settings: ['settings'] as const,
  runbook: ['runbook'] as const,
  users: ['users'] as const,
  tokens: ['tokens'] as const,
  audit: ['audit'] as const,
};
