'use client';
import { useCallback, useSyncExternalStore } from 'react';

/** Whether a media query holds; false on the server and in the first render. */
export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = window.matchMedia(query);
      list.addEventListener('change', listener);
      return () => {
        list.removeEventListener('change', listener);
      };
    },
    [query],
  );
  return useSyncExternalStore(
    subscribe,
    () => window.matchMedia(query).matches,
    () => false,
  );
}

/** Below this a table row becomes a card; the stylesheets use the same width. */
export const useIsNarrow = (): boolean => useMediaQuery('(max-width: 859px)');
