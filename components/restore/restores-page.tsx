'use client';
import Link from 'next/link';
import { useRestores } from '#lib/client/use-restores.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { LinkButton } from '#components/ui/link-button.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { RestoreTable } from './restore-table.tsx';

/** Every restore somebody asked for, newest first. */
export function RestoresPage() {
  const { data, isError, error, isFetching, refetch } = useRestores();
  return (
    <div className="hf-page">
      <PageHeader
        title="Restores"
        lead={
          <>
            Bring a backup back beside what is live, compare it, and only then decide. Every restore leaves a
            report here.{' '}
            <Link href="/restores/kept" className="hf-number" data-testid="kept-copies">
              What restores left
            </Link>
            {' · '}
            <Link href="/restores/instant" className="hf-number" data-testid="to-instant">
              Back to an instant
            </Link>
          </>
        }
        action={
          <LinkButton type="primary" href="/restores/new" data-testid="new-restore">
            Restore a backup
          </LinkButton>
        }
      />
      {isError && (
        <ProblemAlert
          error={error}
          title={
            data === undefined ? 'The restores could not be loaded' : 'The restores could not be renewed'
          }
          isRetrying={isFetching}
          onRetry={() => {
            void refetch();
          }}
        />
      )}
      {data?.data.length === 0 ? (
        <EmptyState title="Nothing was restored yet">
          <p>
            The best time for the first restore is a quiet day: choose a backup and restore it into a new
            database, or to a new path. What is in use is not touched, and you know how long it takes before
            you need it.
          </p>
          <p>
            Looking for rows that are gone? The <Link href="/tables">row timeline</Link> shows the last backup
            that still had them.
          </p>
        </EmptyState>
      ) : (
        !(isError && data === undefined) && <RestoreTable rows={data?.data} />
      )}
    </div>
  );
}
