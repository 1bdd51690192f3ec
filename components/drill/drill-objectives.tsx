'use client';
import type { Drill } from '#lib/contracts/drill.ts';
import { objectivesOf, type DrillObjective } from '#lib/client/drill-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { VerdictMark } from '#components/verification/verdict-mark.tsx';

/** The three questions a drill answers: whole, in time, little lost. */
export function DrillObjectives({ drill }: { readonly drill: Drill }) {
  return (
    <DataList<DrillObjective>
      label="Objectives"
      rows={objectivesOf(drill)}
      rowKey={({ key }) => key}
      onRow={({ key, verdict }) =>
        ({ 'data-testid': 'drill-objective', 'data-name': key, 'data-verdict': verdict }) as object
      }
      columns={[
        { key: 'title', title: 'Question', dataIndex: 'title' },
        { key: 'wanted', title: 'Wanted', dataIndex: 'wanted' },
        { key: 'found', title: 'Found', dataIndex: 'found' },
        { key: 'verdict', title: 'Verdict', render: (_, { verdict }) => <VerdictMark status={verdict} /> },
      ]}
      card={({ key, title, wanted, found, verdict }) => (
        <article className="hf-card" data-testid="drill-objective" data-name={key} data-verdict={verdict}>
          <div className="hf-card-head">
            <strong>{title}</strong>
            <VerdictMark status={verdict} />
          </div>
          <CardFacts
            facts={[
              ['Wanted', wanted],
              ['Found', found],
            ]}
          />
        </article>
      )}
    />
  );
}
