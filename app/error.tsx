'use client';
import { Button } from 'antd';
import { useRouter } from 'next/navigation';
import { startTransition } from 'react';
import { MessagePage } from '#components/ui/message-page.tsx';

export default function RootError({
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
    <main>
      <MessagePage
        title="This page could not be shown"
        action={
          <Button type="primary" onClick={retry}>
            Try again
          </Button>
        }
      >
        <p>
          The console’s own database may be away. Backups already stored are not affected. If it stays, look
          at the log of the web process
          {error.digest === undefined ? '.' : `; this failure is marked ${error.digest} there.`}
        </p>
      </MessagePage>
    </main>
  );
}
