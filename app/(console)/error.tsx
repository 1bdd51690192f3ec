'use client';
import { Button } from 'antd';
import { MessagePage } from '#components/ui/message-page.tsx';

export default function ConsoleError({
  error,
  reset,
}: {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}) {
  return (
    <MessagePage
      title="This page could not be shown"
      action={
        <Button type="primary" onClick={reset}>
          Try again
        </Button>
      }
    >
      <p>
        Backups are not affected: they are taken by the worker, not by this page. If it happens again, look at
        the log of the web process
        {error.digest === undefined ? '.' : ` for ${error.digest}.`}
      </p>
    </MessagePage>
  );
}
