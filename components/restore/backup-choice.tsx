'use client';
import { Button } from 'antd';
import Link from 'next/link';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { DEFAULT_HISTORY_SEARCH } from '#lib/client/history-search.ts';
import { useBackupHistory } from '#lib/client/use-backup-history.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { ProofTag } from '#components/verification/proof-tag.tsx';

/** When, of what where there is more than one source, and the note. */
function Taken({ row, isSourceShown }: { readonly row: BackupRow; readonly isSourceShown: boolean }) {
  return (
    <div>
      <Instant at={row.createdAt} as="calendar" />
      {isSourceShown && <span className="hf-wrap"> of {row.sourceName}</span>}
      {row.description !== null && <span className="hf-help hf-wrap">{row.description}</span>}
    </div>
  );
}

/** Which backup: the newest ones first. */
export function BackupChoice({ onChoose }: { readonly onChoose: (id: string) => void }) {
  const { data, isError, error, isFetching, refetch } = useBackupHistory({
    ...DEFAULT_HISTORY_SEARCH,
    status: 'COMPLETED',
    limit: 20,
  });
  const isSourceShown = new Set(data?.data.map(({ sourceId }) => sourceId)).size > 1;
  const choose = (row: BackupRow, isWide: boolean) => (
    <Button
      {...(isWide ? { block: true } : { size: 'small' as const })}
      data-testid="choose-backup"
      aria-label={`Choose ${row.filename}`}
      onClick={() => {
        onChoose(row.id);
      }}
    >
      Choose
    </Button>
  );
  return (
    <Section name="choose" title="Choose a backup">
      <div className="hf-stack">
        <p className="hf-muted">
          Take the newest one from before things went wrong. If rows are missing, the{' '}
          <Link href="/tables" className="hf-link">
            row timeline
          </Link>{' '}
          shows the last backup that still had them.
        </p>
        {isError && data === undefined && (
          <ProblemAlert
            error={error}
            title="The backups could not be loaded"
            isRetrying={isFetching}
            onRetry={() => {
              void refetch();
            }}
          />
        )}
        {data?.data.length === 0 ? (
          <EmptyState title="No backup to restore yet">
            <Link href="/settings/backup">Take the first backup</Link>; once it is completed it can be
            restored from here.
          </EmptyState>
        ) : (
          !(isError && data === undefined) && (
            <DataList<BackupRow>
              label="Backups that can be restored"
              size="small"
              rows={data?.data}
              rowKey={({ id }) => id}
              columns={[
                {
                  key: 'when',
                  title: 'Backup',
                  render: (_, row) => <Taken row={row} isSourceShown={isSourceShown} />,
                },
                {
                  key: 'size',
                  title: 'Size',
                  className: 'hf-cell-number',
                  render: (_, row) => humanBytes(row.size),
                },
                {
                  key: 'proof',
                  title: 'Proof',
                  className: 'hf-number',
                  render: (_, row) => <ProofTag row={row} />,
                },
                { key: 'choose', title: 'Choose', width: 96, render: (_, row) => choose(row, false) },
              ]}
              card={(row) => (
                <article className="hf-card">
                  <Taken row={row} isSourceShown={isSourceShown} />
                  <CardFacts
                    facts={[
                      ['Size', humanBytes(row.size)],
                      ['Proof', <ProofTag key="proof" row={row} />],
                    ]}
                  />
                  {choose(row, true)}
                </article>
              )}
            />
          )
        )}
      </div>
    </Section>
  );
}
