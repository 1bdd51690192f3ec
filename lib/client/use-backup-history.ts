'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { BackupHistoryResponse } from '../contracts/backup.ts';
import { fetchJson } from './fetch-json.ts';
import { historyParams, type HistorySearch } from './history-search.ts';
import { POLL_FAILED_MS, POLL_IDLE_MS, POLL_RUNNING_MS } from './polling.ts';
import { isMoving } from './backup-words.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/backup/history. The last page stays on screen while the next one loads. */
export function useBackupHistory(search: HistorySearch) {
  return useQuery({
    queryKey: queryKeys.backups.history(search),
    queryFn: ({ signal }) =>
      fetchJson(BackupHistoryResponse, `/api/v1/admin/backup/history?${historyParams(search)}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      if (state.status === 'error') return POLL_FAILED_MS;
      return state.data?.data.some(isMoving) === true ? POLL_RUNNING_MS : POLL_IDLE_MS;
    },
  });
}
