'use client';
import { useQuery } from '@tanstack/react-query';
import { BackupDetail } from '../contracts/backup.ts';
import { isMoving } from './backup-words.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/backup/:id; asks nothing for null. */
export function useBackup(id: string | null) {
  return useQuery({
    queryKey: queryKeys.backups.detail(id ?? ''),
    queryFn: ({ signal }) =>
      fetchJson(BackupDetail, `/api/v1/admin/backup/${encodeURIComponent(id ?? '')}`, signal),
    enabled: id !== null,
    refetchInterval: ({ state }) =>
      state.data !== undefined && isMoving(state.data) ? POLL_RUNNING_MS : false,
  });
}
