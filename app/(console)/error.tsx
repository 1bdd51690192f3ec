'use client';
import { Button } from 'antd';
import { useRouter } from 'next/navigation';
import { startTransition } from 'react';
import { MessagePage } from '#components/ui/message-page.tsx';

export default function ConsoleError({
  error,
  reset,
}: {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}) {
  const router = useRouter();
  // Resetting alone would render the same failed answer of the server again.
  const retry = () => {
    startTransition(() => {
      router.refresh();
      reset();
    });
  };
  return (
    <MessagePage
      title="This page could not be shown"
      action={
        <Button type="primary" onClick={retry}>
          Try again
        </Button>
      }
    >
      <p>
        Backups are not affected: they are taken by the worker, not by this page. If it happens again, look at
        the log of the web process
        {error.digest === undefined ? '.' : `; this failure is marked ${error.digest} there.`}
      </p>
    </MessagePage>
  );
}
