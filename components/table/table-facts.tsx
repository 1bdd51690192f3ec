'use client';
import type { TableProps } from 'antd';
import Link from 'next/link';
import { useState } from 'react';
import type { TableFact } from '#lib/contracts/facts.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { unknownReasonWord } from '#lib/client/verification-words.ts';
import { timelineHref } from '#lib/client/timeline-href.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Paged } from '#components/ui/paged.tsx';

const PAGE = 50;
type SortField = 'name' | 'rows' | 'bytes';
interface Sort {
  readonly field: SortField;
  readonly order: 'ascend' | 'descend';
}

const nameOf = ({ schema, name }: TableFact): string => `${schema}.${name}`;
const kindWord: Record<TableFact['kind'], string | null> = {
  table: null,
  partitioned: 'partitioned: the sum of its partitions',
  foreign: 'foreign table',
};

/** What is not known comes last, whichever way it is sorted. */
function sorted(tables: readonly TableFact[], { field, order }: Sort): readonly TableFact[] {
  const way = order === 'ascend' ? 1 : -1;
  return tables.toSorted((a, b) => {
    if (field !== 'name') {
      const [left, right] = [a[field], b[field]];
      if (left === null || right === null) return Number(left === null) - Number(right === null);
      if (left !== right) return (left - right) * way;
      return nameOf(a).localeCompare(nameOf(b));
    }
    return nameOf(a).localeCompare(nameOf(b)) * way;
  });
}

function Name({ table, sourceId }: { readonly table: TableFact; readonly sourceId: string }) {
  const kind = kindWord[table.kind];
  return (
    <div className="hf-table-name">
      <Link
        href={timelineHref(sourceId, nameOf(table))}
        className="hf-link hf-wrap"
        title="Its rows over time"
      >
        {table.schema !== 'public' && <span className="hf-muted">{table.schema}.</span>}
        {table.name}
      </Link>
      {kind !== null && <span className="hf-help">{kind}</span>}
    </div>
  );
}

function Rows({ table }: { readonly table: TableFact }) {
  if (table.rows !== null) return <>{table.rows.toLocaleString('en')}</>;
  return (
    <span className="hf-unknown" data-status="UNKNOWN">
      unknown
    </span>
  );
}

function Fingerprint({ table }: { readonly table: TableFact }) {
  if (table.fingerprint === null) {
    return (
      <span className="hf-unknown hf-wrap">
        {table.unknown === null ? 'not taken' : unknownReasonWord[table.unknown]}
      </span>
    );
  }
  return (
    <span className="hf-print">
      <code title={table.fingerprint}>{table.fingerprint.slice(0, 8)}…</code>
      <CopyButton text={table.fingerprint} what={`fingerprint of ${nameOf(table)}`} isIcon />
    </span>
  );
}

/** Tables with rows, size and fingerprint; each leads to its timeline. */
export function TableFacts({
  tables,
  sourceId,
}: {
  readonly tables: readonly TableFact[];
  readonly sourceId: string;
}) {
  const [sort, setSort] = useState<Sort>({ field: 'name', order: 'ascend' });
  const sortable = (field: SortField) => ({
    key: field,
    sorter: true as const,
    sortOrder: sort.field === field ? sort.order : null,
  });
  const columns: TableProps<TableFact>['columns'] = [
    { ...sortable('name'), title: 'Table', render: (_, table) => <Name table={table} sourceId={sourceId} /> },
    {
      ...sortable('rows'),
      title: 'Rows',
      className: 'hf-cell-number',
      render: (_, table) => <Rows table={table} />,
    },
    {
      ...sortable('bytes'),
      title: 'Size',
      className: 'hf-cell-number',
      render: (_, table) => (table.bytes === null ? '–' : humanBytes(table.bytes)),
    },
    {
      key: 'fingerprint',
      title: 'Fingerprint',
      width: '30%',
      render: (_, table) => <Fingerprint table={table} />,
    },
  ];
  return (
    <Paged rows={sorted(tables, sort)} size={PAGE} label="Pages of the tables">
      {(rows) => (
        <DataList<TableFact>
          label="Tables of this backup"
          size="small"
          rows={rows}
          rowKey={nameOf}
          columns={columns}
          sortDirections={['descend', 'ascend', 'descend']}
          showSorterTooltip={false}
          onRow={(table) => ({ 'data-testid': 'table-row', 'data-name': nameOf(table) }) as object}
          onChange={(_pagination, _filters, sorter) => {
            const [first] = Array.isArray(sorter) ? sorter : [sorter];
            const field = (['name', 'rows', 'bytes'] as const).find((each) => each === first?.columnKey);
            if (field !== undefined) setSort({ field, order: first?.order ?? 'descend' });
          }}
          card={(table) => (
            <article className="hf-card" data-testid="table-row" data-name={nameOf(table)}>
              <Name table={table} sourceId={sourceId} />
              <CardFacts
                facts={[
                  ['Rows', <Rows key="rows" table={table} />],
                  ['Size', table.bytes === null ? '–' : humanBytes(table.bytes)],
                  ['Fingerprint', <Fingerprint key="print" table={table} />],
                ]}
              />
            </article>
          )}
        />
      )}
    </Paged>
  );
}
