'use client';
import { useSources } from '#lib/client/use-sources.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { LinkButton } from '#components/ui/link-button.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { SourceTable } from './source-list.tsx';

/** Everything that is backed up, and the way to add more. */
export function SourcesPage() {
  const { data, isError, error, isFetching, refetch } = useSources();
  return (
    <div className="hf-page">
      <PageHeader
        title="Sources"
        lead="The databases, files and stores that are backed up. Each follows the installation’s schedule, retention and proof, or has its own."
        action={
          <LinkButton type="primary" href="/sources/new" data-testid="add-source">
            Add a source
          </LinkButton>
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
          It comes from the environment variables. What stands beside it is lost with the server too: add
          uploaded files, configuration, SQLite databases or Redis, or another database. Overview and history
          can then be filtered by source.
        </EmptyState>
      )}
    </div>
  );
}
