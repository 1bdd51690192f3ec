'use client';
import { useQuery } from '@tanstack/react-query';
import { RestoreList } from '../contracts/restore.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_IDLE_MS, POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/restores, newest first; each second while one runs. */
export function useRestores() {
  return useQuery({
    queryKey: queryKeys.restores.list,
    queryFn: ({ signal }) => fetchJson(RestoreList, '/api/v1/admin/restores', signal),
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ status }) => status === 'IN_PROGRESS') === true
        ? POLL_RUNNING_MS
        : POLL_IDLE_MS,
  });
}
