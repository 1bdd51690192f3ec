'use client';
import { useQuery } from '@tanstack/react-query';
import { DrillList } from '../contracts/drill.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_IDLE_MS, POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** Drills are rare: this many are some years of them. */
const NEWEST = 200;

/** GET /api/v1/admin/drills, newest first; each second while one runs. */
export function useDrills() {
  return useQuery({
    queryKey: queryKeys.drills.list,
    queryFn: ({ signal }) => fetchJson(DrillList, `/api/v1/admin/drills?limit=${String(NEWEST)}`, signal),
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ status }) => status === 'IN_PROGRESS') === true
        ? POLL_RUNNING_MS
        : POLL_IDLE_MS,
  });
}
