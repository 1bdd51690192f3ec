'use client';
import { useQuery } from '@tanstack/react-query';
import { Overview } from '../contracts/overview.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_FAILED_MS, POLL_IDLE_MS, POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/overview, of one source or of all; each second while a backup or a verification runs. */
export function useOverview(source: string | null = null) {
  return useQuery({
    queryKey: queryKeys.overviewOf(source),
    queryFn: ({ signal }) =>
      fetchJson(
        Overview,
        source === null ? '/api/v1/overview' : `/api/v1/overview?source=${encodeURIComponent(source)}`,
        signal,
      ),
    refetchInterval: ({ state }) => {
      if (state.status === 'error') return POLL_FAILED_MS;
      const isMoving = (state.data?.running.length ?? 0) > 0 || (state.data?.verifying ?? null) !== null;
      return isMoving ? POLL_RUNNING_MS : POLL_IDLE_MS;
    },
  });
}
