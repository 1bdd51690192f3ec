'use client';
import { InputNumber, Select } from 'antd';
import { parseAsInteger, parseAsString, useQueryStates } from 'nuqs';
import { useId } from 'react';
import { hasTables } from '#lib/core/source-kind.ts';
import { useOverview } from '#lib/client/use-overview.ts';
import { useTables } from '#lib/client/use-tables.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { useSlashFocus } from '#components/ui/use-slash-focus.ts';
import { Timeline } from './timeline.tsx';

const PICKER = 'pick-table';
const parsers = { source: parseAsString, table: parseAsString, drop: parseAsInteger.withDefault(20) };

/** Rows of one table over all backups: where it fell, and which backup still had them. */
export function TimelinePage() {
  const [{ source, table, drop }, set] = useQueryStates(parsers, { history: 'replace', scroll: false });
  const dropPercent = Math.min(100, Math.max(0, drop));
  const tables = useTables(source);
  const sources = (useOverview().data?.sources ?? []).filter(({ kind }) => hasTables(kind));
  const sourceId = useId();
  const dropId = useId();
  useSlashFocus(PICKER);
  const list = tables.data?.data;
  const nameOf = (each: { schema: string; name: string }): string => `${each.schema}.${each.name}`;
  const known = list?.find((each) => nameOf(each) === table);
  return (
    <div className="hf-page">
      <PageHeader
        title="Row timeline"
        lead="How many rows a table had in every backup: where it fell, and which backup still has what is gone."
      />
      {sources.length > 1 && (
        <div className="hf-filters hf-timeline-pick">
          <div className="hf-choose hf-choose-wide">
            <label htmlFor={sourceId}>Source</label>
            <Select
              id={sourceId}
              className="hf-choose-select"
              data-testid="pick-source"
              showSearch={{ optionFilterProp: 'label' }}
              value={source ?? sources[0]?.id ?? null}
              options={sources.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={(next: string | null) => {
                void set({ source: next, table: null });
              }}
            />
          </div>
        </div>
      )}
      <LoadState query={tables} title="The tables could not be loaded" />
      {list?.length === 0 && (
        <EmptyState title="No counted tables yet">
          Every backup counts the rows of every table in the instant it is taken. After the first one, its
          tables can be chosen here.
        </EmptyState>
      )}
      {list !== undefined && list.length > 0 && (
        <>
          <div className="hf-filters hf-timeline-pick" role="search" aria-label="Choose a table">
            <div className="hf-choose hf-choose-wide">
              <label htmlFor={PICKER}>Table</label>
              <Select
                id={PICKER}
                showSearch={{
                  optionFilterProp: 'value',
                }}
                className="hf-choose-select"
                data-testid="pick-table"
                placeholder="Choose a table"
                value={table}
                onChange={(next: string) => {
                  void set({ table: next });
                }}
                options={list.map((each) => ({
                  value: nameOf(each),
                  label: (
                    <span className="hf-option">
                      <span className="hf-wrap">{nameOf(each)}</span>
                      <span className="hf-muted">
                        {each.isInNewest
                          ? each.rows === null
                            ? 'rows unknown'
                            : each.rows.toLocaleString('en')
                          : 'gone'}
                      </span>
                    </span>
                  ),
                }))}
              />
            </div>
            <div className="hf-choose">
              <label htmlFor={dropId}>Mark falls of more than</label>
              <InputNumber
                id={dropId}
                data-testid="drop-percent"
                min={0}
                max={100}
                precision={0}
                suffix="%"
                value={dropPercent}
                onChange={(next) => {
                  if (next !== null) void set({ drop: next });
                }}
              />
            </div>
          </div>
          {table === null ? (
            <EmptyState title="Choose a table">
              Its rows in every backup appear here as a line and as a table.
            </EmptyState>
          ) : (
            <Timeline source={source} name={table} dropPercent={dropPercent} known={known} />
          )}
        </>
      )}
    </div>
  );
}
