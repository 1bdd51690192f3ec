'use client';
import { Card, Descriptions, Skeleton } from 'antd';
import type { BackupRow, BackupSummary } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { Instant } from '#components/ui/instant.tsx';

function LastSuccessful({
  at,
  newest,
}: {
  readonly at: string | null;
  readonly newest: BackupRow | undefined;
}) {
  if (at === null) {
    return (
      <span className="hf-summary-value">
        <span>None yet</span>
      </span>
    );
  }
  return (
    <span className="hf-summary-value">
      <Instant at={at} as="calendar" />
      <span className="hf-muted">
        <Instant at={at} />
        {newest?.createdAt === at && `, ${humanBytes(newest.size)}`}
      </span>
    </span>
  );
}

function NextScheduled({ at }: { readonly at: string | null }) {
  if (at === null) {
    return (
      <span className="hf-summary-value">
        <span>Off</span>
        <span className="hf-muted">Only manual backups are taken</span>
      </span>
    );
  }
  return (
    <span className="hf-summary-value">
      <Instant at={at} as="calendar" />
      <span className="hf-muted">
        <Instant at={at} />
      </span>
    </span>
  );
}

function Stored({ summary: { totalBackups, totalSize } }: { readonly summary: BackupSummary }) {
  return (
    <span className="hf-summary-value">
      <span>{humanBytes(totalSize)}</span>
      <span className="hf-muted">
        in {totalBackups === 1 ? '1 backup' : `${String(totalBackups)} backups`}
      </span>
    </span>
  );
}

/** As tall as what it stands in for: the history under it would jump away from a finger that is about to tap. */
const waiting = (
  <span className="hf-summary-value">
    <Skeleton active title={false} paragraph={{ rows: 2, width: [120, 72] }} />
  </span>
);

/** BR-009's summary: last successful backup with date and size, next scheduled, storage used. */
export function SummaryCard({
  summary,
  newest,
}: {
  readonly summary: BackupSummary | undefined;
  /** The newest whole COMPLETED backup, for its size where that is the last successful one. */
  readonly newest: BackupRow | undefined;
}) {
  return (
    <Card data-testid="summary-card" className="hf-summary">
      <Descriptions
        layout="vertical"
        colon={false}
        column={{ xs: 1, sm: 1, md: 3 }}
        items={[
          {
            key: 'last',
            label: 'Last successful backup',
            children:
              summary === undefined ? (
                waiting
              ) : (
                <LastSuccessful at={summary.lastSuccessful} newest={newest} />
              ),
          },
          {
            key: 'next',
            label: 'Next scheduled',
            children: summary === undefined ? waiting : <NextScheduled at={summary.nextScheduled} />,
          },
          {
            key: 'size',
            label: 'Total storage used',
            children: summary === undefined ? waiting : <Stored summary={summary} />,
          },
        ]}
      />
    </Card>
  );
}
