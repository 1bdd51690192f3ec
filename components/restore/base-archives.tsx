'use client';
import type { LogBase, LogStretch } from '#lib/contracts/log.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { MiddleCut } from '#components/ui/middle-cut.tsx';

interface Row extends LogBase {
  readonly stretch: LogStretch;
}

const nameOf = ({ key }: LogBase): string => key.slice(key.lastIndexOf('/') + 1);

function End({ stretch: { until, lastSegment, missing } }: Pick<Row, 'stretch'>) {
  return (
    <div>
      {until !== null ? (
        <Instant at={until} as="calendar" />
      ) : lastSegment === null ? (
        'no later log is kept'
      ) : (
        <code className="hf-wrap">{lastSegment}</code>
      )}
      {missing !== null && <span className="hf-help hf-wrap">then {missing} is missing</span>}
    </div>
  );
}

/** Every base archive, the newest first, and how far the log leads from it. */
export function BaseArchives({ stretches }: { readonly stretches: readonly LogStretch[] }) {
  const rows: readonly Row[] = stretches.flatMap((stretch) =>
    stretch.bases.map((base) => ({ ...base, stretch })),
  );
  return (
    <DataList<Row>
      label="Base archives"
      rows={rows}
      rowKey={({ destination, key }) => `${destination} ${key}`}
      onRow={() => ({ 'data-testid': 'base-row' }) as object}
      columns={[
        {
          key: 'name',
          title: 'Base archive',
          width: '40%',
          render: (_, row) => <MiddleCut text={nameOf(row)} />,
        },
        { key: 'from', title: 'From', render: (_, { endedAt }) => <Instant at={endedAt} as="calendar" /> },
        { key: 'to', title: 'To', render: (_, { stretch }) => <End stretch={stretch} /> },
        { key: 'where', title: 'Where', render: (_, { destination }) => destinationWord[destination] },
        {
          key: 'size',
          title: 'Size',
          className: 'hf-cell-number',
          render: (_, { storedBytes }) => humanBytes(storedBytes),
        },
      ]}
      card={(row) => (
        <article className="hf-card" data-testid="base-row">
          <div className="hf-card-head">
            <code className="hf-wrap">{nameOf(row)}</code>
          </div>
          <CardFacts
            facts={[
              ['From', <Instant key="from" at={row.endedAt} as="calendar" />],
              ['To', <End key="to" stretch={row.stretch} />],
              ['Where', destinationWord[row.destination]],
              ['Size', humanBytes(row.storedBytes)],
            ]}
          />
        </article>
      )}
    />
  );
}
