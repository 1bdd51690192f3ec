'use client';
import { Button } from 'antd';
import { useRouter } from 'next/navigation';
import { startTransition, type ReactNode } from 'react';
import { MessagePage } from './message-page.tsx';

/** What an error boundary shows: what it means for the reader, where the cause stands, and another try. */
export function FailedPage({
  error,
  reset,
  children,
}: {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
  /** Ends before "at the log of the web process". */
  readonly children: ReactNode;
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
        {children} at the log of the web process
        {error.digest === undefined ? '.' : `; this failure is marked ${error.digest} there.`}
      </p>
    </MessagePage>
  );
}
