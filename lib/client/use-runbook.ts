'use client';
import { useQuery } from '@tanstack/react-query';
import { RunbookResponse } from '../contracts/runbook.ts';
import { fetchJson } from './fetch-json.ts';
import { POLL_FAILED_MS, POLL_IDLE_MS } from './polling.ts';
import { queryKeys } from './query-keys.ts';

/** While somebody works through a scenario, the others see each tick within a few seconds. */
const POLL_INCIDENT_MS = 3_000;

/** GET /api/v1/runbook. */
export function useRunbook() {
  return useQuery({
    queryKey: queryKeys.runbook,
    queryFn: ({ signal }) => fetchJson(RunbookResponse, '/api/v1/runbook', signal),
    refetchInterval: ({ state }) => {
      if (state.status === 'error') return POLL_FAILED_MS;
      const isOpen = state.data?.incidents.some(({ finishedAt }) => finishedAt === null) ?? false;
      return isOpen ? POLL_INCIDENT_MS : POLL_IDLE_MS;
    },
  });
}
