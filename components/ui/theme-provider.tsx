'use client';
import { ConfigProvider } from 'antd';
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useMediaQuery } from './media-query.ts';
import { SYSTEM_COOKIE, THEME_COOKIE, themeClass, themeOf, type Scheme, type ThemeChoice } from './theme.ts';

const YEAR_S = 31_536_000;
const setCookie = (name: string, value: string): void => {
  const age = value === '' ? 0 : YEAR_S;
  document.cookie = `${name}=${value}; path=/; max-age=${String(age)}; samesite=lax`;
};
const systemScheme = (): Scheme =>
  window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';

interface Theme {
  readonly choice: ThemeChoice;
  readonly choose: (choice: ThemeChoice) => void;
}
const ThemeContext = createContext<Theme>({ choice: 'system', choose: () => undefined });
export const useTheme = (): Theme => use(ThemeContext);

/** antd in Holdfast's theme. `initial` is what the server rendered, read from the cookies. */
export function ThemeProvider({
  initial,
  nonce,
  children,
}: {
  readonly initial: { readonly choice: ThemeChoice; readonly scheme: Scheme };
  readonly nonce: string | undefined;
  readonly children: ReactNode;
}) {
  const [choice, setChoice] = useState(initial.choice);
  const [scheme, setScheme] = useState(initial.scheme);
  const isMotionReduced = useMediaQuery('(prefers-reduced-motion: reduce)');

  useEffect(() => {
    if (choice !== 'system') return undefined;
    const media = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = () => {
      setCookie(SYSTEM_COOKIE, systemScheme());
      setScheme(systemScheme());
    };
    media.addEventListener('change', follow);
    // A page that Next answers with an error status comes without the script that asks before the first paint.
    queueMicrotask(() => {
      if (document.documentElement.dataset['theme'] !== systemScheme()) follow();
    });
    return () => {
      media.removeEventListener('change', follow);
    };
  }, [choice]);

  useEffect(() => {
    document.documentElement.dataset['theme'] = scheme;
    // A click before this does nothing: tests and screen recorders wait for it.
    document.documentElement.dataset['ready'] = 'true';
  }, [scheme]);

  const value = useMemo<Theme>(
    () => ({
      choice,
      choose: (next) => {
        setCookie(THEME_COOKIE, next === 'system' ? '' : next);
        if (next === 'system') setCookie(SYSTEM_COOKIE, systemScheme());
        setChoice(next);
        setScheme(next === 'system' ? systemScheme() : next);
      },
    }),
    [choice],
  );
  const theme = useMemo(() => themeOf(scheme, isMotionReduced), [scheme, isMotionReduced]);

  return (
    <ThemeContext value={value}>
      <ConfigProvider
        theme={theme}
        wave={{ disabled: true }}
        button={{ autoInsertSpace: false }}
        {...(nonce === undefined ? {} : { csp: { nonce } })}
      >
        <div className={`hf-root ${themeClass(scheme)}`}>{children}</div>
      </ConfigProvider>
    </ThemeContext>
  );
}
