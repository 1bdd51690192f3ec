'use client';
import { AntdRegistry } from '@ant-design/nextjs-registry';
import { QueryClientProvider } from '@tanstack/react-query';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { useState, type ComponentProps, type ReactNode } from 'react';
import { ThemeProvider } from '#components/ui/theme-provider.tsx';
import { createQueryClient } from '#lib/client/query-client.ts';

/** What every page stands in: styles, theme, queries, URL state. */
export function Providers({
  theme,
  nonce,
  children,
}: {
  readonly theme: ComponentProps<typeof ThemeProvider>['initial'];
  readonly nonce: string | undefined;
  readonly children: ReactNode;
}) {
  const [client] = useState(createQueryClient);
  return (
    <AntdRegistry>
      <ThemeProvider initial={theme} nonce={nonce}>
        <QueryClientProvider client={client}>
          <NuqsAdapter>{children}</NuqsAdapter>
        </QueryClientProvider>
      </ThemeProvider>
    </AntdRegistry>
  );
}
