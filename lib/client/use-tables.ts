'use client';
import { useQuery } from '@tanstack/react-query';
import { TableList, TableTimeline } from '../contracts/timeline.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

const ofSource = (source: string | null): Record<string, string> => (source === null ? {} : { source });

/** GET /api/v1/admin/tables of a source; null: of the environment's own. */
export function useTables(source: string | null) {
  return useQuery({
    queryKey: queryKeys.tables.list(source),
    queryFn: ({ signal }) =>
      fetchJson(
        TableList,
        `/api/v1/admin/tables?${new URLSearchParams(ofSource(source)).toString()}`,
        signal,
      ),
  });
}

/** GET /api/v1/admin/tables/:name/timeline for `schema.name`; asks nothing for null. */
export function useTimeline(source: string | null, name: string | null, dropPercent: number) {
  return useQuery({
    queryKey: queryKeys.tables.timeline(source, name ?? '', dropPercent),
    queryFn: ({ signal }) =>
      fetchJson(
        TableTimeline,
        `/api/v1/admin/tables/${encodeURIComponent(name ?? '')}/timeline?${new URLSearchParams({ ...ofSource(source), dropPercent: String(dropPercent) }).toString()}`,
        signal,
      ),
    enabled: name !== null,
    // Another percentage keeps the line on screen; another table must not.
    placeholderData: (previous, query) =>
      query?.queryKey[2] === source && query.queryKey[3] === name ? previous : undefined,
  });
}
