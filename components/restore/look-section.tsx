'use client';
import { Button, Skeleton } from 'antd';
import { parseAsString, useQueryStates } from 'nuqs';
import type { Restore, RestoreLook } from '#lib/contracts/restore.ts';
import { useRestoreLook } from '#lib/client/use-restore-look.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Paged } from '#components/ui/paged.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { FileDifferences } from './file-differences.tsx';
import { SampleRows } from './sample-rows.tsx';

type LookedRow = RestoreLook['tables'][number];
const PAGE = 25;
const parsers = { schema: parseAsString, table: parseAsString };
const nameOf = ({ schema, name }: Pick<LookedRow, 'schema' | 'name'>): string => `${schema}.${name}`;
const count = (rows: number | null): string => (rows === null ? '–' : rows.toLocaleString('en'));

function difference({ rows, liveRows }: LookedRow): string {
  if (rows === null || liveRows === null) return '–';
  const by = rows - liveRows;
  if (by === 0) return 'the same';
  return by > 0 ? `+${by.toLocaleString('en')}` : `−${Math.abs(by).toLocaleString('en')}`;
}

/** Another one after each exchange: what was counted before it stands elsewhere now. */
const standingOf = ({ copyDatabase, swap }: Restore): string =>
  [copyDatabase, swap?.swappedAt, swap?.undoneAt].join(' ');

/** Tables that differ stand first: they are what somebody looks for. */
const sorted = (tables: readonly LookedRow[]): readonly LookedRow[] =>
  tables.toSorted(
    (a, b) =>
      Number(a.rows === a.liveRows) - Number(b.rows === b.liveRows) || nameOf(a).localeCompare(nameOf(b)),
  );

function Tables({
  look,
  other,
  chosen,
  onChoose,
}: {
  readonly look: RestoreLook;
  /** What the second column counts. */
  readonly other: string;
  readonly chosen: string | null;
  /** Null where no row of a table can be looked at. */
  readonly onChoose: ((table: LookedRow) => void) | null;
}) {
  const hasLive = look.liveDatabase !== null;
  const open = (row: LookedRow) =>
    onChoose === null ? (
      <span className="hf-wrap">{row.name}</span>
    ) : (
      <button
        type="button"
        className="hf-look-table"
        aria-pressed={chosen === nameOf(row)}
        data-testid="look-table"
        data-name={nameOf(row)}
        onClick={() => {
          onChoose(row);
        }}
      >
        {row.schema !== 'public' && <span className="hf-muted">{row.schema}.</span>}
        {row.name}
      </button>
    );
  return (
    <Paged rows={sorted(look.tables)} size={PAGE} label="Pages of the tables">
      {(shown) => (
        <DataList<LookedRow>
          label="Tables of the restored copy"
          size="small"
          rows={shown}
          rowKey={nameOf}
          onRow={(row) => ({ 'data-testid': 'look-row', 'data-name': nameOf(row) }) as object}
          columns={[
            { key: 'name', title: 'Table', render: (_, row) => open(row) },
            {
              key: 'rows',
              title: 'Restored',
              className: 'hf-cell-number',
              render: (_, row) => count(row.rows),
            },
            ...(hasLive
              ? [
                  {
                    key: 'live',
                    title: other,
                    className: 'hf-cell-number',
                    render: (_: unknown, row: LookedRow) => count(row.liveRows),
                  },
                  {
                    key: 'difference',
                    title: 'Difference',
                    className: 'hf-cell-number',
                    render: (_: unknown, row: LookedRow) => difference(row),
                  },
                ]
              : []),
          ]}
          card={(row) => (
            <article className="hf-card" data-testid="look-row" data-name={nameOf(row)}>
              {open(row)}
              <CardFacts
                facts={[
                  ['Restored', count(row.rows)],
                  ...(hasLive
                    ? ([
                        [other, count(row.liveRows)],
                        ['Difference', difference(row)],
                      ] as const)
                    : []),
                ]}
              />
            </article>
          )}
        />
      )}
    </Paged>
  );
}

function Looked({
  restore,
  look,
  isLoading,
}: {
  readonly restore: Restore;
  readonly look: RestoreLook;
  readonly isLoading: boolean;
}) {
  const [{ schema, table }, set] = useQueryStates(parsers, { history: 'replace', scroll: false });
  const wanted = schema === null || table === null ? null : { schema, name: table };
  // What a swap has put aside is not live any more.
  const isLive = restore.swap === null || restore.swap.undoneAt !== null;
  const isTree = restore.sourceKind === 'files';
  const showsRows = restore.sourceKind === 'postgres';
  return (
    <>
      <p className="hf-muted">
        Read-only: <code className="hf-wrap">{look.database}</code>
        {look.liveDatabase !== null && (
          <>
            {' '}
            beside <code className="hf-wrap">{look.liveDatabase}</code>
          </>
        )}
        .{showsRows && ' Choose a table to see its first rows.'}
      </p>
      {isTree ? (
        look.files == null ? (
          <p>Nothing is live that it could be set beside.</p>
        ) : (
          <FileDifferences files={look.files} other={isLive ? 'what is in use' : 'what was there before'} />
        )
      ) : (
        <Tables
          look={look}
          other={isLive ? 'In use' : 'Before'}
          chosen={wanted === null ? null : nameOf(wanted)}
          onChoose={
            showsRows
              ? (row) => {
                  void set({ schema: row.schema, table: row.name });
                }
              : null
          }
        />
      )}
      {showsRows && wanted !== null && (
        <SampleRows
          wanted={wanted}
          sample={
            look.sample?.schema === wanted.schema && look.sample.name === wanted.name ? look.sample : null
          }
          isLoading={isLoading}
        />
      )}
    </>
  );
}

/** The restored copy, read-only, beside what is live: tables with their rows, or the names of files that differ. */
export function LookSection({ restore }: { readonly restore: Restore }) {
  const [{ schema, table }] = useQueryStates(parsers);
  const wanted = schema === null || table === null ? null : { schema, name: table };
  const look = useRestoreLook(restore.id, standingOf(restore), wanted);
  const { data, isError, error, isFetching, refetch } = look;
  const isTree = restore.sourceKind === 'files';
  const again = () => {
    void refetch();
  };
  return (
    <Section
      name="look"
      title={isTree ? 'What differs' : 'Look at the restored copy'}
      extra={
        <Button size="small" onClick={again} loading={isFetching} data-testid="look-again">
          {isTree ? 'Compare again' : 'Count again'}
        </Button>
      }
    >
      <div className="hf-stack" data-testid="look" aria-busy={isFetching}>
        {isError && (
          <ProblemAlert
            error={error}
            title="The copy could not be looked at"
            isRetrying={isFetching}
            onRetry={again}
          />
        )}
        {data !== undefined ? (
          <Looked restore={restore} look={data} isLoading={isFetching} />
        ) : (
          !isError && (
            <>
              <p className="hf-muted">
                {isTree
                  ? 'A worker is comparing the files, read-only.'
                  : 'A worker is counting the rows, read-only.'}
              </p>
              <Skeleton active title={false} paragraph={{ rows: 4 }} />
            </>
          )
        )}
      </div>
    </Section>
  );
}
