'use client';
import { useQuery } from '@tanstack/react-query';
import { KeptCopies } from '../contracts/kept-copy.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/restores/kept: a worker asks every server, so it is asked once and when something was dropped. */
export function useKeptCopies() {
  return useQuery({
    queryKey: queryKeys.restores.kept,
    queryFn: ({ signal }) => fetchJson(KeptCopies, '/api/v1/admin/restores/kept', signal),
    retry: false,
    refetchOnWindowFocus: false,
  });
}
