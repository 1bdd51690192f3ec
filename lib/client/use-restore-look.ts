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
 * `table`. Asks once for each `standing`, which tells where the databases stand: each look costs both of them something.
 */
export function useRestoreLook(id: string, standing: string, table: LookedTable | null) {
  const params =
    table === null ? '' : `?${new URLSearchParams({ schema: table.schema, table: table.name }).toString()}`;
  return useQuery({
    queryKey: queryKeys.restores.look(
      id,
      standing,
      table === null ? '' : `${table.schema}\u0000${table.name}`,
    ),
    queryFn: ({ signal }) =>
      fetchJson(RestoreLook, `/api/v1/admin/restores/${encodeURIComponent(id)}/look${params}`, signal),
    retry: false,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    // The list stays on screen while the rows of another table are read.
    placeholderData: (previous, query) => (query?.queryKey[2] === standing ? previous : undefined),
  });
}
