'use client';
import { Button } from 'antd';
import { MessagePage } from '#components/ui/message-page.tsx';

export default function RootError({
  error,
  reset,
}: {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}) {
  return (
    <main>
      <MessagePage
        title="This page could not be shown"
        action={
          <Button type="primary" onClick={reset}>
            Try again
          </Button>
        }
      >
        <p>
          The console’s own database may be away. Backups already stored are not affected. If it stays, look
          at the log of the web process{error.digest === undefined ? '.' : ` for ${error.digest}.`}
        </p>
      </MessagePage>
    </main>
  );
}
