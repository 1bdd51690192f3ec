'use client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { AuditList } from '../contracts/audit.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/audit, newest first, a page at a time. */
export function useAudit() {
  return useInfiniteQuery({
    queryKey: queryKeys.audit,
    initialPageParam: null as number | null,
    queryFn: ({ signal, pageParam }) =>
      fetchJson(
        AuditList,
        `/api/v1/admin/audit?limit=50${pageParam === null ? '' : `&before=${String(pageParam)}`}`,
        signal,
      ),
    getNextPageParam: (last) => last.nextBefore,
  });
}
