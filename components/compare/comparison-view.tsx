'use client';
import { Checkbox } from 'antd';
import { parseAsBoolean, useQueryState } from 'nuqs';
import { counted } from '#lib/core/counted.ts';
import { isChanged, type Comparison } from '#lib/client/compare-facts.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { Section } from '#components/ui/section.tsx';
import { ChangedObjects } from './changed-objects.tsx';
import { ComparedTables } from './compared-tables.tsx';

function summary({ tables, objects }: Comparison, kind: 'postgres' | 'sqlite'): string {
  const changed = tables.filter(isChanged).length;
  const unknown = tables.filter(
    ({ presence, content }) => presence === 'both' && content === 'unknown',
  ).length;
  const parts = [
    changed === 0
      ? unknown === 0
        ? `All ${counted(tables.length, 'table')} hold the same`
        : 'No table is known to differ'
      : `${counted(changed, 'table')} of ${String(tables.length)} ${changed === 1 ? 'differs' : 'differ'}`,
    ...(unknown === 0 ? [] : [`whether the content of ${counted(unknown, 'table')} differs is not known`]),
    ...(kind === 'sqlite'
      ? []
      : [
          objects.length === 0
            ? 'no object around them differs'
            : `${counted(objects.length, 'object')} differ`,
        ]),
  ];
  return `${parts.join('; ')}.`;
}

export function ComparisonView({
  comparison,
  kind,
  sourceId,
}: {
  readonly comparison: Comparison;
  /** Only a PostgreSQL database has objects around its tables that a manifest tells of. */
  readonly kind: 'postgres' | 'sqlite';
  /** Of which both backups are. */
  readonly sourceId: string;
}) {
  const [onlyChanged, setOnlyChanged] = useQueryState(
    'changed',
    parseAsBoolean.withDefault(false).withOptions({ history: 'replace', scroll: false }),
  );
  const tables = onlyChanged ? comparison.tables.filter(isChanged) : comparison.tables;
  return (
    <div className="hf-stack" data-testid="comparison">
      <p className="hf-compare-sum" data-testid="comparison-summary">
        {summary(comparison, kind)}
      </p>
      <Section
        name="tables"
        title="Tables"
        extra={
          <Checkbox
            checked={onlyChanged}
            data-testid="changed-only"
            onChange={(event) => {
              void setOnlyChanged(event.target.checked);
            }}
          >
            Changed only
          </Checkbox>
        }
      >
        {tables.length === 0 ? (
          <EmptyState title={comparison.tables.length === 0 ? 'No tables' : 'No table changed'}>
            {comparison.tables.length === 0
              ? 'Neither backup lists a table.'
              : 'Rows and fingerprints are the same on both sides, as far as they are known.'}
          </EmptyState>
        ) : (
          <ComparedTables tables={tables} sourceId={sourceId} />
        )}
      </Section>
      {kind === 'postgres' && (
        <Section name="objects" title="Objects around them">
          <ChangedObjects objects={comparison.objects} unknownKinds={comparison.unknownKinds} />
        </Section>
      )}
    </div>
  );
}
