'use client';
import { useQuery } from '@tanstack/react-query';
import { TokenList } from '../contracts/token.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/tokens. */
export function useTokens() {
  return useQuery({
    queryKey: queryKeys.tokens,
    queryFn: ({ signal }) => fetchJson(TokenList, '/api/v1/admin/tokens', signal),
  });
}
