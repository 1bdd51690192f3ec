'use client';
import { MoreOutlined } from '@ant-design/icons';
import { Button, Dropdown, Pagination } from 'antd';
import type { BackupHistoryResponse } from '#lib/contracts/backup.ts';
import { counted } from '#lib/core/counted.ts';
import { isFiltered, PAGE_SIZES } from '#lib/client/history-search.ts';
import type { useBackupHistory } from '#lib/client/use-backup-history.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { useIsNarrow } from '#components/ui/media-query.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import type { NamedSource } from '#components/source/source-filter.tsx';
import { CompareBar } from './compare-bar.tsx';
import { HistoryFilters } from './history-filters.tsx';
import { HistoryTable } from './history-table.tsx';
import type { RowActionHandlers } from './row-actions.tsx';
import { useCompareSelection } from './use-compare-selection.ts';
import type { useHistorySearch } from './use-history-search.ts';

function Nothing({
  data,
  isNarrowed,
  onClear,
  onFirst,
  onRebuild,
}: {
  readonly data: BackupHistoryResponse;
  readonly isNarrowed: boolean;
  readonly onClear: () => void;
  readonly onFirst: () => void;
  readonly onRebuild: () => void;
}) {
  if (data.meta.total > 0) {
    return (
      <EmptyState title="This page is empty" action={<Button onClick={onFirst}>Go to the first page</Button>}>
        There are {counted(data.meta.total, 'backup')}, but not this many pages.
      </EmptyState>
    );
  }
  if (isNarrowed) {
    return (
      <EmptyState title="No backup matches" action={<Button onClick={onClear}>Clear filters</Button>}>
        Widen the dates, or choose fewer filters.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No backups yet"
      action={
        <p>
          Archives are already at the destination?{' '}
          <Button type="link" className="hf-inline-button" data-testid="rebuild-empty" onClick={onRebuild}>
            Record them
          </Button>
        </p>
      }
    >
      Choose “Create Backup Now” above to take the first one. Each backup appears here with its size, how long
      it took and what became of it.
    </EmptyState>
  );
}

/** The history: filters, table or cards, pages. Failures stay above the rows last seen. */
export function HistorySection({
  sources,
  history,
  state,
  handlers,
  onOpen,
  onRebuild,
}: {
  readonly sources: readonly NamedSource[];
  readonly history: ReturnType<typeof useBackupHistory>;
  readonly state: ReturnType<typeof useHistorySearch>;
  readonly handlers: RowActionHandlers;
  readonly onOpen: (id: string) => void;
  /** Asks for what lies at the destinations and is not in the history. */
  readonly onRebuild: () => void;
}) {
  const isNarrow = useIsNarrow();
  const selection = useCompareSelection();
  const { data, error, isError, isFetching, isPlaceholderData, refetch } = history;
  const { search, change, clearFilters } = state;
  return (
    <Section
      name="history"
      title="Backup history"
      extra={
        <span className="hf-history-extra">
          {data !== undefined && <span className="hf-muted">{counted(data.meta.total, 'backup')}</span>}
          <Dropdown
            trigger={['click']}
            placement="bottomRight"
            menu={{
              items: [{ key: 'rebuild', label: 'Record archives that are at the destinations already' }],
              onClick: onRebuild,
            }}
          >
            <Button
              size="small"
              type="text"
              icon={<MoreOutlined aria-hidden />}
              aria-label="More for the history"
              data-testid="history-more"
            />
          </Dropdown>
        </span>
      }
    >
      <div className="hf-stack">
        <HistoryFilters sources={sources} search={search} onChange={change} onClear={clearFilters} />
        <CompareBar selection={selection} />
        {isError && (
          <ProblemAlert
            error={error}
            title={
              data === undefined ? 'The history could not be loaded' : 'The history could not be renewed'
            }
            isRetrying={isFetching}
            onRetry={() => {
              void refetch();
            }}
          />
        )}
        {data?.data.length === 0 ? (
          <Nothing
            data={data}
            isNarrowed={isFiltered(search)}
            onClear={clearFilters}
            onFirst={() => {
              change({ page: 1 });
            }}
            onRebuild={onRebuild}
          />
        ) : (
          !(isError && data === undefined) && (
            <HistoryTable
              rows={data?.data}
              isSourceShown={sources.length > 1}
              search={search}
              isStale={isPlaceholderData}
              handlers={handlers}
              selection={selection}
              onSort={change}
              onOpen={onOpen}
            />
          )
        )}
        {data !== undefined && data.meta.total > 0 && (
          <nav aria-label="Pages of the history" className="hf-pages">
            <Pagination
              current={search.page}
              pageSize={search.limit}
              total={data.meta.total}
              simple={isNarrow}
              showSizeChanger={isNarrow ? false : { 'aria-label': 'Backups on a page' }}
              pageSizeOptions={[...PAGE_SIZES]}
              showTotal={(total, [first, last]) => `${String(first)}–${String(last)} of ${String(total)}`}
              onChange={(page, size) => {
                const limit = PAGE_SIZES.find((each) => each === size) ?? search.limit;
                change(limit === search.limit ? { page } : { limit });
              }}
            />
          </nav>
        )}
      </div>
    </Section>
  );
}
