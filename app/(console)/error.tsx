'use client';
import type { ComponentProps } from 'react';
import { FailedPage } from '#components/ui/failed-page.tsx';

export default function ConsoleError(failure: Omit<ComponentProps<typeof FailedPage>, 'children'>) {
  return (
    <FailedPage {...failure}>
      Backups are not affected: they are taken by the worker, not by this page. If it happens again, look
    </FailedPage>
  );
}
