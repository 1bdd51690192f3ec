'use client';
import { useQuery } from '@tanstack/react-query';
import { Source, SourceList } from '../contracts/source.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/sources. */
export function useSources() {
  return useQuery({
    queryKey: queryKeys.sources.list,
    queryFn: ({ signal }) => fetchJson(SourceList, '/api/v1/admin/sources', signal),
  });
}

/** GET /api/v1/admin/sources/:id. */
export function useSource(id: string) {
  return useQuery({
    queryKey: queryKeys.sources.detail(id),
    queryFn: ({ signal }) => fetchJson(Source, `/api/v1/admin/sources/${encodeURIComponent(id)}`, signal),
    // What somebody is typing must not be replaced behind their back.
    refetchOnWindowFocus: false,
  });
}
