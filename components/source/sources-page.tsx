'use client';
import { Button } from 'antd';
import { useRouter } from 'next/navigation';
import { useSources } from '#lib/client/use-sources.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { SourceTable } from './source-list.tsx';

/** Every database that is backed up, and the way to add another. */
export function SourcesPage() {
  const { data, isError, error, isFetching, refetch } = useSources();
  const router = useRouter();
  return (
    <div className="hf-page">
      <PageHeader
        title="Sources"
        lead="The databases that are backed up, each by its own schedule, retention and policy or as the installation is."
        action={
          <Button
            type="primary"
            data-testid="add-source"
            href="/sources/new"
            onClick={(event) => {
              event.preventDefault();
              router.push('/sources/new');
            }}
          >
            Add a source
          </Button>
        }
      />
      {isError && (
        <ProblemAlert
          error={error}
          title="The sources could not be loaded"
          isRetrying={isFetching}
          onRetry={() => {
            void refetch();
          }}
        />
      )}
      {!(isError && data === undefined) && (
        <Section name="sources" title="What is backed up">
          <SourceTable sources={data?.data} />
        </Section>
      )}
      {data?.data.length === 1 && (
        <EmptyState title="One database so far">
          The environment names it. Add another to back it up beside it: history, overview and row timeline
          can then be filtered by source.
        </EmptyState>
      )}
    </div>
  );
}
