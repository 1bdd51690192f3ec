'use client';
import { useQuery } from '@tanstack/react-query';
import { UserList } from '../contracts/user.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/users. */
export function useUsers() {
  return useQuery({
    queryKey: queryKeys.users,
    queryFn: ({ signal }) => fetchJson(UserList, '/api/v1/admin/users', signal),
  });
}
