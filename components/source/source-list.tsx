'use client';
import { Tag } from 'antd';
import Link from 'next/link';
import type { Source } from '#lib/contracts/source.ts';
import { environmentWord } from '#lib/client/restore-words.ts';
import { cronWords } from '#lib/client/schedule-words.ts';
import { productText } from '#lib/client/source-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { KindMark } from './kind-mark.tsx';

function Name({ source }: { readonly source: Source }) {
  return (
    <div className="hf-source-name">
      <Link href={`/sources/${source.id}`} className="hf-link hf-wrap" data-testid="open-source">
        {source.name}
      </Link>
      <span className="hf-muted">
        <KindMark kind={source.kind} />: <span className="hf-wrap">{source.place}</span>
      </span>
      <span className="hf-source-marks">
        <Tag variant="outlined">{environmentWord[source.environment]}</Tag>
        {source.isFromEnvironment && <Tag variant="outlined">From the environment</Tag>}
        {!source.isEnabled && <Tag variant="outlined">Disabled</Tag>}
      </span>
    </div>
  );
}

function Connection({ source: { kind, lastProbe, newestCompletedAt } }: { readonly source: Source }) {
  if (lastProbe === null) {
    return (
      <span className="hf-muted">
        {newestCompletedAt === null ? 'Not tested yet' : 'Its backups reach it'}
      </span>
    );
  }
  const isFine = lastProbe.isReachable && lastProbe.error === null;
  return (
    <span className="hf-probe" data-status={isFine ? 'reachable' : 'failed'}>
      {isFine
        ? productText(kind, lastProbe.productVersion)
        : (lastProbe.error?.message ?? 'could not be reached')}
      <span className="hf-help">
        <Instant at={lastProbe.checkedAt} />
      </span>
    </span>
  );
}

function When({ source }: { readonly source: Source }) {
  const { schedule } = source.effective;
  if (!source.isEnabled) return <>Not while it is disabled</>;
  if (!schedule.isEnabled) return <>Only by hand</>;
  return (
    <>
      {cronWords(schedule.cron)} <span className="hf-muted">({schedule.timeZone})</span>
      {source.nextScheduled !== null && (
        <>
          <br />
          <span className="hf-muted">
            Next <Instant at={source.nextScheduled} as="calendar" />
          </span>
        </>
      )}
    </>
  );
}

const last = (at: string | null) => (at === null ? 'None yet' : <Instant at={at} />);

export function SourceTable({ sources }: { readonly sources: readonly Source[] | undefined }) {
  const marks = (source: Source) =>
    ({ 'data-testid': 'source-row', 'data-id': source.id, 'data-name': source.name }) as object;
  return (
    <DataList<Source>
      label="Sources"
      rows={sources}
      rowKey={({ id }) => id}
      onRow={marks}
      columns={[
        { key: 'name', title: 'Source', width: '28%', render: (_, source) => <Name source={source} /> },
        {
          key: 'probe',
          title: 'Last test',
          render: (_, source) => <Connection source={source} />,
        },
        { key: 'schedule', title: 'Schedule', render: (_, source) => <When source={source} /> },
        { key: 'backup', title: 'Newest backup', render: (_, source) => last(source.newestCompletedAt) },
        { key: 'proof', title: 'Newest proof', render: (_, source) => last(source.newestProvenAt) },
      ]}
      card={(source) => (
        <article className="hf-card" {...marks(source)}>
          <Name source={source} />
          <CardFacts
            facts={[
              ['Last test', <Connection key="probe" source={source} />],
              [
                'Schedule',
                <span key="when">
                  <When source={source} />
                </span>,
              ],
              ['Newest backup', last(source.newestCompletedAt)],
              ['Newest proof', last(source.newestProvenAt)],
            ]}
          />
        </article>
      )}
    />
  );
}
