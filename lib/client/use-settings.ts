'use client';
import { useQuery } from '@tanstack/react-query';
import { SettingsResponse } from '../contracts/settings.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** GET /api/v1/admin/settings. */
export function useSettings() {
  return useQuery({
    queryKey: queryKeys.settings,
    queryFn: ({ signal }) => fetchJson(SettingsResponse, '/api/v1/admin/settings', signal),
  });
}
