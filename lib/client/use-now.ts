'use client';
import { useSyncExternalStore } from 'react';
import { systemClock } from '../core/clock.ts';

const TICK_MS = 5_000;
const listeners = new Set<() => void>();
let now = systemClock.now();
let timer: ReturnType<typeof setInterval> | undefined;

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  // The module may have been loaded long before the first subscriber came.
  now = systemClock.now();
  timer ??= setInterval(() => {
    now = systemClock.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
};

/** The time, renewed every few seconds; null on the server and in the first render, so that both agree. */
export function useNow(): Date | null {
  return useSyncExternalStore(
    subscribe,
    () => now,
    () => null,
  );
}
