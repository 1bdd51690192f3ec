'use client';
import Link from 'next/link';
import type { TimelinePoint } from '#lib/contracts/timeline.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { statusWord } from '#lib/client/backup-words.ts';
import { percentText } from '#lib/client/timeline-drops.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { InstantText, InstantTip } from '#components/ui/instant.tsx';
import { Paged } from '#components/ui/paged.tsx';

const PAGE = 50;

function When({ point }: { readonly point: TimelinePoint }) {
  return (
    <InstantTip at={point.takenAt}>
      <Link href={`/settings/backup?backup=${point.backupId}&tab=tables`} className="hf-link">
        <InstantText at={point.takenAt} as="calendar" />
      </Link>
    </InstantTip>
  );
}

const rows = ({ rows: count }: TimelinePoint): string =>
  count === null ? 'unknown' : count.toLocaleString('en');

function Change({ point }: { readonly point: TimelinePoint }) {
  if (point.changePercent === null) return <>–</>;
  if (!point.isDrop) return <>{percentText(point.changePercent)}</>;
  return (
    <strong className="hf-fell">
      <span aria-hidden>▼ </span>
      <span className="hf-visually-hidden">Marked fall: </span>
      {percentText(point.changePercent)}
    </strong>
  );
}

const proof = ({ isProven, status }: TimelinePoint): string =>
  `${isProven ? 'Proven' : 'Not proven'}${status === 'COMPLETED' ? '' : `, ${statusWord[status].toLowerCase()}`}`;
const size = ({ bytes }: TimelinePoint): string => (bytes === null ? '–' : humanBytes(bytes));

/** The numbers of the line, newest first. */
export function TimelineTable({ points }: { readonly points: readonly TimelinePoint[] }) {
  return (
    <Paged rows={points.toReversed()} size={PAGE} label="Pages of the timeline">
      {(shown) => (
        <DataList<TimelinePoint>
          label="Rows in every backup"
          size="small"
          rows={shown}
          rowKey={({ backupId }) => backupId}
          onRow={({ isDrop }) => ({ 'data-testid': 'timeline-row', 'data-drop': isDrop }) as object}
          columns={[
            { key: 'when', title: 'Backup', render: (_, point) => <When point={point} /> },
            {
              key: 'rows',
              title: 'Rows',
              className: 'hf-cell-number',
              render: (_, point) => rows(point),
            },
            {
              key: 'change',
              title: 'Change',
              className: 'hf-cell-number',
              render: (_, point) => <Change point={point} />,
            },
            { key: 'size', title: 'Size', className: 'hf-cell-number', render: (_, point) => size(point) },
            { key: 'proof', title: 'Proof', render: (_, point) => proof(point) },
          ]}
          card={(point) => (
            <article className="hf-card" data-testid="timeline-row" data-drop={point.isDrop}>
              <When point={point} />
              <CardFacts
                facts={[
                  ['Rows', rows(point)],
                  ['Change', <Change key="change" point={point} />],
                  ['Size', size(point)],
                  ['Proof', proof(point)],
                ]}
              />
            </article>
          )}
        />
      )}
    </Paged>
  );
}
