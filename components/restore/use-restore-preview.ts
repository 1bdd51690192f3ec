'use client';
import { useQuery } from '@tanstack/react-query';
import { previewRestoreAction } from '#app/actions/restore.ts';
import type { RestorePlan } from '#lib/contracts/restore.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';

/** What a restore would do, as a worker finds it at the server now. Asked once a plan, and again when a person asks. */
export function useRestorePreview(backupId: string, plan: RestorePlan) {
  return useQuery({
    queryKey: queryKeys.restores.preview(backupId, plan),
    queryFn: () => unwrapAction(previewRestoreAction(backupId, plan)),
    retry: false,
    staleTime: 5 * 60_000,
    refetchOnWindowFocus: false,
  });
}
