'use client';
import type { ComponentProps } from 'react';
import { AlonePage } from '#components/ui/alone-page.tsx';
import { FailedPage } from '#components/ui/failed-page.tsx';

export default function RootError(failure: Omit<ComponentProps<typeof FailedPage>, 'children'>) {
  return (
    <AlonePage>
      <FailedPage {...failure}>
        The console’s own database may be away. Backups already stored are not affected. If it stays, look
      </FailedPage>
    </AlonePage>
  );
}
