'use client';
import { useQuery } from '@tanstack/react-query';
import { TableList, TableTimeline } from '../contracts/timeline.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/tables. */
export function useTables() {
  return useQuery({
    queryKey: queryKeys.tables.list,
    queryFn: ({ signal }) => fetchJson(TableList, '/api/v1/admin/tables', signal),
  });
}

/** GET /api/v1/admin/tables/:name/timeline for `schema.name`; asks nothing for null. */
export function useTimeline(name: string | null, dropPercent: number) {
  return useQuery({
    queryKey: queryKeys.tables.timeline(name ?? '', dropPercent),
    queryFn: ({ signal }) =>
      fetchJson(
        TableTimeline,
        `/api/v1/admin/tables/${encodeURIComponent(name ?? '')}/timeline?dropPercent=${String(dropPercent)}`,
        signal,
      ),
    enabled: name !== null,
    // Another percentage keeps the line on screen; another table must not.
    placeholderData: (previous, query) => (query?.queryKey[2] === name ? previous : undefined),
  });
}
