'use client';
import { useQuery } from '@tanstack/react-query';
import { Drill } from '../contracts/drill.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_IDLE_MS, POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/drills/:id; each second while it runs, and now and then until its report is signed. */
export function useDrill(id: string) {
  return useQuery({
    queryKey: queryKeys.drills.detail(id),
    queryFn: ({ signal }) => fetchJson(Drill, `/api/v1/admin/drills/${encodeURIComponent(id)}`, signal),
    refetchInterval: ({ state: { data } }) => {
      if (data?.status === 'IN_PROGRESS') return POLL_RUNNING_MS;
      return data?.report?.publicKey === null ? POLL_IDLE_MS : false;
    },
  });
}
