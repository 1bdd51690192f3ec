'use client';
import { useQuery } from '@tanstack/react-query';
import { Restore } from '../contracts/restore.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_IDLE_MS, POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/restores/:id; each second while it runs, and now and then afterwards: another person may undo it. */
export function useRestore(id: string) {
  return useQuery({
    queryKey: queryKeys.restores.detail(id),
    queryFn: ({ signal }) => fetchJson(Restore, `/api/v1/admin/restores/${encodeURIComponent(id)}`, signal),
    refetchInterval: ({ state }) => (state.data?.status === 'IN_PROGRESS' ? POLL_RUNNING_MS : POLL_IDLE_MS),
  });
}
