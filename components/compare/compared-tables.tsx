'use client';
import Link from 'next/link';
import type { TableDifference } from '#lib/client/compare-facts.ts';
import { timelineHref } from '#lib/client/timeline-href.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Paged } from '#components/ui/paged.tsx';

const PAGE = 100;
const keyOf = ({ schema, name }: TableDifference): string => `${schema}.${name}`;

const rowsOf = (table: TableDifference, side: 'a' | 'b'): string => {
  if (table.presence === (side === 'a' ? 'only-b' : 'only-a')) return 'not there';
  const rows = side === 'a' ? table.rowsA : table.rowsB;
  return rows === null ? 'unknown' : rows.toLocaleString('en');
};

function difference({ difference: by }: TableDifference): string {
  if (by === null) return '–';
  if (by === 0) return '0';
  return `${by > 0 ? '+' : '−'}${Math.abs(by).toLocaleString('en')}`;
}

/** In words what became of it, worst said plainly. */
function verdict({ presence, difference: by, content }: TableDifference): string {
  if (presence === 'only-a') return 'Only in A';
  if (presence === 'only-b') return 'Only in B';
  if (by !== null && by !== 0) return by > 0 ? 'More rows' : 'Fewer rows';
  return { different: 'Same count, other content', unknown: 'Content not known', same: 'Same' }[content];
}

function Name({ table, sourceId }: { readonly table: TableDifference; readonly sourceId: string }) {
  return (
    <Link href={timelineHref(sourceId, keyOf(table))} className="hf-link hf-wrap">
      {table.schema !== 'public' && <span className="hf-muted">{table.schema}.</span>}
      {table.name}
    </Link>
  );
}
function Outcome({ table }: { readonly table: TableDifference }) {
  return (
    <span className="hf-outcome" data-content={table.presence === 'both' ? table.content : 'different'}>
      {verdict(table)}
    </span>
  );
}

/** Tables of both backups, what changed most first. */
export function ComparedTables({
  tables,
  sourceId,
}: {
  readonly tables: readonly TableDifference[];
  /** Of which both backups are. */
  readonly sourceId: string;
}) {
  const marks = (table: TableDifference) => ({
    'data-testid': 'compared-table',
    'data-name': keyOf(table),
    'data-presence': table.presence,
    'data-content': table.content,
  });
  return (
    <Paged rows={tables} size={PAGE} label="Pages of the compared tables">
      {(rows) => (
        <DataList<TableDifference>
          label="Tables of both backups"
          size="small"
          rows={rows}
          rowKey={keyOf}
          onRow={(table) => marks(table) as object}
          columns={[
            {
              key: 'table',
              title: 'Table',
              render: (_, table) => <Name table={table} sourceId={sourceId} />,
            },
            {
              key: 'a',
              title: 'Rows in A',
              className: 'hf-cell-number',
              render: (_, table) => rowsOf(table, 'a'),
            },
            {
              key: 'b',
              title: 'Rows in B',
              className: 'hf-cell-number',
              render: (_, table) => rowsOf(table, 'b'),
            },
            {
              key: 'difference',
              title: 'Difference',
              className: 'hf-cell-number',
              render: (_, table) => difference(table),
            },
            {
              key: 'outcome',
              title: 'Outcome',
              width: '26%',
              render: (_, table) => <Outcome table={table} />,
            },
          ]}
          card={(table) => (
            <article className="hf-card" {...marks(table)}>
              <Name table={table} sourceId={sourceId} />
              <CardFacts
                facts={[
                  ['A', rowsOf(table, 'a')],
                  ['B', rowsOf(table, 'b')],
                  ['Difference', difference(table)],
                ]}
              />
              <Outcome table={table} />
            </article>
          )}
        />
      )}
    </Paged>
  );
}
