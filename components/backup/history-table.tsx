'use client';
import { Checkbox, type TableProps } from 'antd';
import { SORT_FIELDS, type BackupRow } from '#lib/contracts/backup.ts';
import type { HistorySearch } from '#lib/client/history-search.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { SourceMark } from '#components/source/kind-mark.tsx';
import { ProofTag } from '#components/verification/proof-tag.tsx';
import { DateCell, durationText, sizeText, StatusCell } from './history-cells.tsx';
import { RowActions, type RowActionHandlers } from './row-actions.tsx';
import { TierTags } from './tier-tags.tsx';
import type { CompareSelection } from './use-compare-selection.ts';

type SortField = HistorySearch['sort'];
const antdOrder = { asc: 'ascend', desc: 'descend' } as const;

export function HistoryTable({
  rows,
  isSourceShown,
  search,
  isStale,
  handlers,
  selection,
  onSort,
  onOpen,
}: {
  readonly rows: readonly BackupRow[] | undefined;
  /** Whether there are several. */
  readonly isSourceShown: boolean;
  readonly search: HistorySearch;
  /** Whether the rows are those of the search before. */
  readonly isStale: boolean;
  readonly handlers: RowActionHandlers;
  readonly selection: CompareSelection;
  readonly onSort: (changes: Pick<HistorySearch, 'sort' | 'order'>) => void;
  readonly onOpen: (id: string) => void;
}) {
  const sortable = (field: SortField) => ({
    key: field,
    sorter: true as const,
    sortOrder: search.sort === field ? antdOrder[search.order] : null,
  });
  const tick = (row: BackupRow) => (
    <Checkbox
      checked={selection.isSelected(row.id)}
      disabled={!selection.canSelect(row)}
      data-testid="tick-backup"
      aria-label={`Tick ${row.filename} for a comparison`}
      onChange={() => {
        selection.toggle(row);
      }}
    />
  );
  const columns: TableProps<BackupRow>['columns'] = [
    {
      key: 'tick',
      title: <span className="hf-visually-hidden">Compare</span>,
      className: 'hf-cell-tick',
      render: (_, row) => tick(row),
    },
    {
      ...sortable('createdAt'),
      title: 'Date',
      width: '26%',
      render: (_, row) => <DateCell row={row} onOpen={onOpen} />,
    },
    ...(isSourceShown
      ? [
          {
            key: 'source',
            title: 'Source',
            render: (_: unknown, row: BackupRow) => (
              <SourceMark kind={row.sourceKind}>{row.sourceName}</SourceMark>
            ),
          },
        ]
      : []),
    { ...sortable('type'), title: 'Type', render: (_, row) => <TierTags tiers={row.tiers} /> },
    {
      ...sortable('size'),
      title: 'Size',
      className: 'hf-cell-number',
      render: (_, row) => sizeText(row),
    },
    {
      ...sortable('duration'),
      title: 'Duration',
      className: 'hf-cell-number',
      render: (_, row) => durationText(row),
    },
    {
      ...sortable('status'),
      title: 'Status',
      width: isSourceShown ? '11%' : '15%',
      render: (_, row) => <StatusCell row={row} />,
    },
    {
      key: 'proof',
      title: 'Proof',
      width: isSourceShown ? '12%' : '16%',
      render: (_, row) => <ProofTag row={row} />,
    },
    { key: 'actions', title: 'Actions', render: (_, row) => <RowActions row={row} handlers={handlers} /> },
  ];
  return (
    <div data-testid="history" data-stale={isStale} className="hf-history">
      <DataList<BackupRow>
        label="Backup history"
        rows={rows}
        rowKey={(row) => row.id}
        columns={columns}
        sortDirections={['descend', 'ascend', 'descend']}
        showSorterTooltip={false}
        onChange={(_pagination, _filters, sorter) => {
          const [first] = Array.isArray(sorter) ? sorter : [sorter];
          const field = SORT_FIELDS.find((each) => each === first?.columnKey);
          if (field !== undefined) onSort({ sort: field, order: first?.order === 'ascend' ? 'asc' : 'desc' });
        }}
        onRow={(row) =>
          ({
            'data-testid': 'backup-row',
            'data-status': row.status,
            'data-id': row.id,
            className: 'hf-history-row',
            onClick: (event: React.MouseEvent) => {
              // A click that selects text or follows a control is not a wish to open the row.
              if ((event.target as HTMLElement).closest('button, a, time, label')) return;
              if (window.getSelection()?.type === 'Range') return;
              onOpen(row.id);
            },
          }) as object
        }
        card={(row) => (
          <article className="hf-card" data-testid="backup-row" data-status={row.status} data-id={row.id}>
            <div className="hf-card-head">
              <DateCell row={row} onOpen={onOpen} />
              {row.status === 'COMPLETED' && tick(row)}
            </div>
            <div className="hf-card-state">
              <TierTags tiers={row.tiers} />
              <StatusCell row={row} />
            </div>
            <CardFacts
              facts={[
                ...(isSourceShown
                  ? [
                      [
                        'Source',
                        <SourceMark key="source" kind={row.sourceKind}>
                          {row.sourceName}
                        </SourceMark>,
                      ] as const,
                    ]
                  : []),
                ['Size', sizeText(row)],
                ['Duration', durationText(row)],
                ...(row.status === 'COMPLETED'
                  ? [['Proof', <ProofTag key="proof" row={row} />] as const]
                  : []),
              ]}
            />
            {(row.status === 'COMPLETED' || row.status === 'FAILED') && (
              <RowActions row={row} handlers={handlers} size="middle" />
            )}
          </article>
        )}
      />
    </div>
  );
}
