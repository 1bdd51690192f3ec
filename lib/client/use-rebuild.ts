'use client';
import { useQuery } from '@tanstack/react-query';
import { Rebuild } from '../contracts/rebuild.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/backup/rebuild/:id; each second until it has ended. Asks nothing for null. */
export function useRebuild(id: string | null) {
  return useQuery({
    queryKey: queryKeys.rebuilds.detail(id ?? ''),
    queryFn: ({ signal }) =>
      fetchJson(Rebuild, `/api/v1/admin/backup/rebuild/${encodeURIComponent(id ?? '')}`, signal),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.status === 'IN_PROGRESS' ? POLL_RUNNING_MS : false),
  });
}
