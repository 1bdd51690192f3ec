'use client';
import { useCallback, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';

const named = (): string => window.location.hash.slice(1);

/** Paper has nothing to click on: everything is open while the page is printed. */
function useIsPrinting(): boolean {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    const follow = ({ type }: Event) => {
      // The browser takes its picture as soon as this returns.
      flushSync(() => {
        setPrinting(type === 'beforeprint');
      });
    };
    window.addEventListener('beforeprint', follow);
    window.addEventListener('afterprint', follow);
    return () => {
      window.removeEventListener('beforeprint', follow);
      window.removeEventListener('afterprint', follow);
    };
  }, []);
  return isPrinting;
}

/**
 * Which folds of a page are open: `first`, those the address names, and those opened by hand, which the address then
 * names, so that a reload or a link leads there again. For what is rendered in the browser only.
 */
export function useFolds(first: readonly string[]) {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set([...first, named()]));
  const isPrinting = useIsPrinting();
  const set = useCallback((name: string, isOpen: boolean) => {
    setOpen((old) => new Set(isOpen ? [...old, name] : [...old].filter((each) => each !== name)));
  }, []);
  useEffect(() => {
    const show = () => document.getElementById(named())?.scrollIntoView();
    const follow = () => {
      flushSync(() => {
        set(named(), true);
      });
      show();
    };
    // The browser looked for it before the page had it.
    show();
    window.addEventListener('hashchange', follow);
    return () => {
      window.removeEventListener('hashchange', follow);
    };
  }, [set]);
  return {
    isOpen: (name: string): boolean => isPrinting || open.has(name),
    toggle: (name: string, isOpen: boolean): void => {
      if (isPrinting || open.has(name) === isOpen) return;
      set(name, isOpen);
      if (isOpen) window.history.replaceState(null, '', `#${name}`);
    },
  };
}
