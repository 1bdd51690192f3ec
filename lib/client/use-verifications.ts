'use client';
import { useQuery } from '@tanstack/react-query';
import { VerificationList } from '../contracts/verification.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_RUNNING_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/backup/:id/verifications, newest first; asks nothing for null. */
export function useVerifications(backupId: string | null) {
  return useQuery({
    queryKey: queryKeys.verifications.ofBackup(backupId ?? ''),
    queryFn: ({ signal }) =>
      fetchJson(
        VerificationList,
        `/api/v1/admin/backup/${encodeURIComponent(backupId ?? '')}/verifications`,
        signal,
      ),
    enabled: backupId !== null,
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ status }) => status === 'IN_PROGRESS') === true ? POLL_RUNNING_MS : false,
  });
}
