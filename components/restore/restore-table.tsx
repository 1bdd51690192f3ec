'use client';
import Link from 'next/link';
import type { RestoreList } from '#lib/contracts/restore.ts';
import { shortDuration } from '#lib/client/durations.ts';
import { modeWordOf } from '#lib/client/restore-kind-words.ts';
import { intoWord } from '#lib/client/restore-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { InstantText, InstantTip } from '#components/ui/instant.tsx';
import { MiddleCut } from '#components/ui/middle-cut.tsx';
import { Paged } from '#components/ui/paged.tsx';
import { RestoreMark } from './restore-mark.tsx';

type Row = RestoreList['data'][number];
const PAGE = 50;

function When({ row }: { readonly row: Row }) {
  return (
    <InstantTip at={row.createdAt}>
      <Link href={`/restores/${row.id}`} className="hf-link" data-testid="open-restore">
        <InstantText at={row.createdAt} as="calendar" />
      </Link>
    </InstantTip>
  );
}

/** What sets it apart from the others of the list: of chosen tables or paths also which, and how. */
function howText({ sourceKind, mode, plan }: Row): string {
  const [first, ...others] = plan.tables ?? plan.paths ?? [];
  const how = plan.tablesInto === undefined ? modeWordOf(sourceKind, mode) : intoWord[plan.tablesInto];
  if (first === undefined) return how;
  const which = others.length === 0 ? first : `${first} and ${String(others.length)} more`;
  return `${which}: ${how.toLowerCase()}`;
}

function Into({ row }: { readonly row: Row }) {
  return (
    <div>
      <span className="hf-wrap">{row.targetDatabase}</span>
      <span className="hf-help hf-wrap">{howText(row)}</span>
    </div>
  );
}

const took = ({ durationMs }: Row): string => (durationMs === null ? '–' : shortDuration(durationMs));

/** The restores; each leads to its report. */
export function RestoreTable({ rows }: { readonly rows: readonly Row[] | undefined }) {
  return (
    <Paged rows={rows ?? []} size={PAGE} label="Pages of the restores">
      {(shown) => (
        <DataList<Row>
          label="Restores"
          rows={rows === undefined ? undefined : shown}
          rowKey={({ id }) => id}
          onRow={({ id }) => ({ 'data-testid': 'restore-row', 'data-id': id }) as object}
          columns={[
            {
              key: 'when',
              title: 'Asked for',
              className: 'hf-number',
              render: (_, row) => <When row={row} />,
            },
            { key: 'into', title: 'Where to', render: (_, row) => <Into row={row} /> },
            {
              key: 'backup',
              title: 'Backup',
              width: '22%',
              render: (_, row) => <MiddleCut text={row.backupFilename} />,
            },
            { key: 'by', title: 'By', render: (_, row) => row.requestedBy },
            { key: 'took', title: 'Took', className: 'hf-cell-number', render: (_, row) => took(row) },
            { key: 'state', title: 'Outcome', render: (_, row) => <RestoreMark restore={row} /> },
          ]}
          card={(row) => (
            <article className="hf-card" data-testid="restore-row" data-id={row.id}>
              <div className="hf-card-head">
                <When row={row} />
                <RestoreMark restore={row} />
              </div>
              <Into row={row} />
              <MiddleCut text={row.backupFilename} />
              <CardFacts
                facts={[
                  ['By', row.requestedBy],
                  ['Took', took(row)],
                ]}
              />
            </article>
          )}
        />
      )}
    </Paged>
  );
}
