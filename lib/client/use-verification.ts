'use client';
import { useQuery } from '@tanstack/react-query';
import { Verification } from '../contracts/verification.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/verifications/:id; each second until it has ended. Asks nothing for null. */
export function useVerification(id: string | null) {
  return useQuery({
    queryKey: queryKeys.verifications.detail(id ?? ''),
    queryFn: ({ signal }) =>
      fetchJson(Verification, `/api/v1/admin/verifications/${encodeURIComponent(id ?? '')}`, signal),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.status === 'IN_PROGRESS' ? POLL_RUNNING_MS : false),
  });
}
