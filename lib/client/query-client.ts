import { QueryClient } from '@tanstack/react-query';
import { problemOf } from './problem-error.ts';

/** Reads are tried again only where that can help: no answer, or a server that is briefly away. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (failures, error) => {
          const { status } = problemOf(error);
          return failures < 2 && (status === 0 || status === 502 || status === 503 || status === 504);
        },
        retryDelay: (attempt) => 500 * 2 ** attempt,
      },
      mutations: { retry: false },
    },
  });
}
