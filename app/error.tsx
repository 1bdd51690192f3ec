'use client';
import type { ComponentProps } from 'react';
import { AlonePage } from '#components/ui/alone-page.tsx';
import { FailedPage } from '#components/ui/failed-page.tsx';

/** Where not even the console around a page could be shown. */
export default function RootError(failure: ComponentProps<typeof FailedPage>) {
  return (
    <AlonePage>
      <FailedPage {...failure} />
    </AlonePage>
  );
}
