import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { ThemeScript } from '#components/ui/theme-script.tsx';
import { SCHEMES, SYSTEM_COOKIE, THEME_COOKIE, type Scheme } from '#components/ui/theme.ts';
import { Providers } from './providers.tsx';
import './globals.css';
import '#components/ui/ui.css';
import '#components/shell/shell.css';
import '#components/overview/overview.css';
import '#components/backup/backup.css';
import '#components/verification/verification.css';
import '#components/table/table.css';
import '#components/compare/compare.css';
import '#components/restore/restore.css';
import '#components/runbook/runbook.css';
import '#components/source/source.css';
import '#components/drill/drill.css';

export const metadata: Metadata = {
  title: { default: 'Holdfast', template: '%s · Holdfast' },
  description: 'The backup console that proves its restores',
  robots: { index: false, follow: false },
};
export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  colorScheme: 'light dark',
};

const schemeOf = (value: string | undefined): Scheme | undefined =>
  SCHEMES.find((scheme) => scheme === value);

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const [jar, head] = await Promise.all([cookies(), headers()]);
  const chosen = schemeOf(jar.get(THEME_COOKIE)?.value);
  const scheme = chosen ?? schemeOf(jar.get(SYSTEM_COOKIE)?.value) ?? 'light';
  const choice = chosen ?? 'system';
  const nonce = head.get('x-nonce') ?? undefined;
  return (
    <html lang="en" data-theme={scheme} data-choice={choice} suppressHydrationWarning>
      <head>
        <ThemeScript nonce={nonce} />
      </head>
      <body>
        <Providers theme={{ choice, scheme }} nonce={nonce}>
          {children}
        </Providers>
      </body>
    </html>
  );
}
