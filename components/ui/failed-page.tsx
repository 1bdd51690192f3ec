'use client';
import { Button } from 'antd';
import { useRouter } from 'next/navigation';
import { startTransition, useCallback, useEffect, useRef } from 'react';
import { useReadiness, type Readiness } from '#lib/client/use-readiness.ts';
import { MessagePage } from './message-page.tsx';

function Cause({
  readiness,
  digest,
}: {
  readonly readiness: Readiness;
  readonly digest: string | undefined;
}) {
  switch (readiness) {
    case 'down':
      return (
        <>
          <p>
            The console’s own database does not answer. Check that the PostgreSQL server behind DATABASE_URL
            is running and reachable.
          </p>
          <p>
            Backups already stored are not affected; new ones start once it is back. This page then comes back
            by itself.
          </p>
        </>
      );
    case 'silent':
      return (
        <p>
          The console does not answer. Check your connection, and that its web process is running. Backups
          already stored are not affected. This page comes back by itself.
        </p>
      );
    case 'ok':
      return (
        <p>
          Backups are not affected: they are taken by the worker, not by this page. If it happens again, look
          at the log of the web process
          {digest === undefined ? '.' : `; this failure is marked ${digest} there.`}
        </p>
      );
  }
}

/** What an error boundary shows: what is the matter, what it means for the backups, and another try. */
export function FailedPage({
  error,
  reset,
}: {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}) {
  const router = useRouter();
  const { data: readiness, isFetching, refetch } = useReadiness();
  const wasAway = useRef(false);
  // Resetting alone would render the same failed answer of the server again.
  const showAgain = useCallback(() => {
    startTransition(() => {
      router.refresh();
      reset();
    });
  }, [router, reset]);
  useEffect(() => {
    if (readiness === undefined) return;
    if (readiness !== 'ok') wasAway.current = true;
    // Only where it was away: a page that fails for a reason of its own would be asked for again and again.
    else if (wasAway.current) {
      wasAway.current = false;
      showAgain();
    }
  }, [readiness, showAgain]);
  const retry = async () => {
    const isSeenComingBack = wasAway.current;
    const { data } = await refetch();
    // While it is away a new try would only lose what still stands around this message.
    if (data === 'ok' && !isSeenComingBack) showAgain();
  };
  return (
    <div data-testid="failed-page" data-status={readiness}>
      <MessagePage
        title="This page could not be shown"
        action={
          <Button
            type="primary"
            loading={isFetching}
            onClick={() => {
              void retry();
            }}
          >
            Try again
          </Button>
        }
      >
        <div role="status" className="hf-stack">
          {readiness !== undefined && <Cause readiness={readiness} digest={error.digest} />}
        </div>
      </MessagePage>
    </div>
  );
}
