import type { HeldDifference } from '#lib/client/compare-held.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { EmptyState } from '#components/ui/empty-state.tsx';

const said = ({ isSame }: HeldDifference): string => (isSame ? 'The same' : 'Differs');

/** What two backups without tables hold, side by side. */
export function ComparedHeld({
  lines,
  note,
}: {
  /** Null where one of them does not tell. */
  readonly lines: readonly HeldDifference[] | null;
  readonly note: string;
}) {
  if (lines === null) {
    return (
      <EmptyState title="Not counted">
        The manifest of one of them does not tell what its archive holds.
      </EmptyState>
    );
  }
  const differs = lines.some(({ isSame }) => !isSame);
  return (
    <div className="hf-stack" data-testid="comparison">
      <p className="hf-compare-sum" data-testid="comparison-summary">
        {differs ? 'They differ.' : 'As far as their manifests tell, they hold the same.'}
      </p>
      <DataList<HeldDifference>
        label="What both hold"
        rows={lines}
        rowKey={({ name }) => name}
        onRow={({ name, isSame }) =>
          ({ 'data-testid': 'held-row', 'data-name': name, 'data-same': isSame }) as object
        }
        columns={[
          { key: 'name', title: 'What', render: (_, { name }) => name },
          { key: 'a', title: 'In A', className: 'hf-cell-number', render: (_, { a }) => a },
          { key: 'b', title: 'In B', className: 'hf-cell-number', render: (_, { b }) => b },
          { key: 'said', title: 'Difference', render: (_, row) => said(row) },
        ]}
        card={(row) => (
          <article className="hf-card" data-testid="held-row" data-name={row.name} data-same={row.isSame}>
            <strong>{row.name}</strong>
            <CardFacts
              facts={[
                ['In A', row.a],
                ['In B', row.b],
                ['Difference', said(row)],
              ]}
            />
          </article>
        )}
      />
      <p className="hf-muted">{note}</p>
    </div>
  );
}
