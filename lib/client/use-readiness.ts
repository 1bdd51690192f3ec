'use client';
import { useQuery } from '@tanstack/react-query';
import type { Ready } from '../contracts/overview.ts';
import { POLL_FAILED_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** What the console says of itself; `silent` where not even the web process answers. */
export type Readiness = Ready['database'] | 'silent';

async function askReadiness(signal: AbortSignal): Promise<Readiness> {
  try {
    // 503 carries the same document as 200: it says what is missing.
    const response = await fetch('/api/health/ready', { signal, cache: 'no-store' });
    const { database } = (await response.json()) as Partial<Ready>;
    // Not parsed as the contract says: every page holds this, and the sign-in page would load zod for it.
    return database === 'ok' || database === 'down' ? database : 'silent';
  } catch (error) {
    if (signal.aborted) throw error;
    return 'silent';
  }
}

/** GET /api/health/ready, again and again while a page that could not be shown is open. */
export function useReadiness() {
  return useQuery({
    queryKey: queryKeys.readiness,
    queryFn: ({ signal }) => askReadiness(signal),
    refetchInterval: POLL_FAILED_MS,
    // What an earlier failure was told is no answer to this one.
    gcTime: 0,
  });
}
