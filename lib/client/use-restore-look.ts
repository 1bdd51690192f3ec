'use client';
import { useQuery } from '@tanstack/react-query';
import { RestoreLook } from '../contracts/restore.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

export interface LookedTable {
  readonly schema: string;
  readonly name: string;
}

/**
 * GET /api/v1/admin/restores/:id/look: a worker counts the copy's tables beside the live ones, and reads the first rows of
 * `table`. Asks once, and only while `isEnabled`: each look costs both databases something.
 */
export function useRestoreLook(id: string, table: LookedTable | null, isEnabled: boolean) {
  const params =
    table === null ? '' : `?${new URLSearchParams({ schema: table.schema, table: table.name }).toString()}`;
  return useQuery({
    queryKey: queryKeys.restores.look(id, table === null ? '' : `${table.schema}\u0000${table.name}`),
    queryFn: ({ signal }) =>
      fetchJson(RestoreLook, `/api/v1/admin/restores/${encodeURIComponent(id)}/look${params}`, signal),
    enabled: isEnabled,
    retry: false,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    // The list stays on screen while the rows of another table are read.
    placeholderData: (previous) => previous,
  });
}
