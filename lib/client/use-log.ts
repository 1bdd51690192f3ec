'use client';
import { useQuery } from '@tanstack/react-query';
import { LogState } from '../contracts/log.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_IDLE_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/log: what a worker last saw; it looks every few minutes. */
export function useLog() {
  return useQuery({
    queryKey: queryKeys.log,
    queryFn: ({ signal }) => fetchJson(LogState, '/api/v1/admin/log', signal),
    refetchInterval: POLL_IDLE_MS,
  });
}
