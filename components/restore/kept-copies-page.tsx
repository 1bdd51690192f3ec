'use client';
import Link from 'next/link';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { useKeptCopies } from '#lib/client/use-kept-copies.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { KeptCopiesTable } from './kept-copies-table.tsx';

/** Every database, schema and path that restores left, with the way to be rid of it. */
export function KeptCopiesPage() {
  const query = useKeptCopies();
  const { data } = query;
  return (
    <div className="hf-page">
      <PageHeader
        title="What restores left"
        lead={
          <>
            Databases, schemas and paths that were put aside or made by a restore. They take room and stay
            until somebody drops them here.{' '}
            <Link href="/restores" className="hf-number">
              All restores
            </Link>
          </>
        }
      />
      <LoadState
        query={query}
        title="What restores left could not be asked for"
        staleTitle="The list could not be renewed"
      />
      {data?.unreachable.map(({ sourceId, source, error }) => (
        <ProblemAlert
          key={sourceId}
          error={recordedProblem(error)}
          title={`What restores left beside “${source}” is not known`}
          isMild
          isRetrying={query.isFetching}
          onRetry={() => {
            void query.refetch();
          }}
        />
      ))}
      {data !== undefined &&
        (data.data.length > 0 ? (
          <KeptCopiesTable rows={data.data} />
        ) : (
          data.unreachable.length === 0 && (
            <EmptyState title="Nothing is left">
              A swap keeps what it replaces, a database or a path, and chosen tables that are replaced keep
              their rows in a schema. They are listed here as long as they are there.
            </EmptyState>
          )
        ))}
    </div>
  );
}
