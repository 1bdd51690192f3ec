'use client';
import { Button } from 'antd';
import type { AuditEntry } from '#lib/contracts/audit.ts';
import { auditDetails, auditWords } from '#lib/client/audit-words.ts';
import { useAudit } from '#lib/client/use-audit.ts';
import { DataList } from '#components/ui/data-list.tsx';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';

const kindWord: Record<AuditEntry['actorKind'], string> = {
  user: 'user',
  token: 'API token',
  cli: 'command line',
  worker: 'worker',
};

function Who({ entry }: { readonly entry: AuditEntry }) {
  return (
    <>
      <strong className="hf-wrap">{entry.actorName}</strong>
      <br />
      <span className="hf-muted">
        {kindWord[entry.actorKind]}
        {entry.address !== null && `, ${entry.address}`}
      </span>
    </>
  );
}

function What({ entry }: { readonly entry: AuditEntry }) {
  return (
    <>
      <span>{auditWords(entry.action)}</span>
      <ul className="hf-audit-details">
        {auditDetails(entry).map(([label, text]) => (
          <li key={label} className="hf-muted hf-wrap">
            {label}: {text}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Who did what and when, newest first. Nothing here can be changed. */
export function AuditPage() {
  const audit = useAudit();
  const entries = audit.data?.pages.flatMap(({ data }) => data);
  return (
    <div className="hf-page">
      <PageHeader title="Audit log" lead="Who did what, and when. Entries cannot be changed or removed." />
      {audit.isError && (
        <ProblemAlert
          error={audit.error}
          title={entries === undefined ? 'The log could not be loaded' : 'No more could be loaded'}
          isRetrying={audit.isFetching}
          onRetry={() => {
            void (entries === undefined ? audit.refetch() : audit.fetchNextPage());
          }}
        />
      )}
      {entries?.length === 0 && (
        <EmptyState title="Nothing has been done yet">
          Starting, downloading and deleting backups, and every change of users, tokens and settings appear
          here.
        </EmptyState>
      )}
      {entries?.length !== 0 && !(audit.isError && entries === undefined) && (
        <Section name="audit" title="Entries">
          <div className="hf-stack">
            <DataList<AuditEntry>
              label="Audit log"
              rows={entries}
              rowKey={(entry) => String(entry.id)}
              onRow={(entry) => ({ 'data-testid': 'audit-row', 'data-action': entry.action }) as object}
              columns={[
                {
                  key: 'at',
                  title: 'When',
                  width: '22%',
                  render: (_, entry) => <Instant at={entry.at} as="calendar" />,
                },
                { key: 'who', title: 'Who', width: '30%', render: (_, entry) => <Who entry={entry} /> },
                { key: 'what', title: 'What', render: (_, entry) => <What entry={entry} /> },
              ]}
              card={(entry) => (
                <article className="hf-card" data-testid="audit-row" data-action={entry.action}>
                  <div>
                    <Instant at={entry.at} as="calendar" />
                  </div>
                  <div>
                    <Who entry={entry} />
                  </div>
                  <div>
                    <What entry={entry} />
                  </div>
                </article>
              )}
            />
            {audit.hasNextPage && (
              <div>
                <Button
                  loading={audit.isFetchingNextPage}
                  data-testid="load-more"
                  onClick={() => {
                    void audit.fetchNextPage();
                  }}
                >
                  Load older entries
                </Button>
              </div>
            )}
          </div>
        </Section>
      )}
    </div>
  );
}
