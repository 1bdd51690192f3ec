'use client';
import { Select } from 'antd';
import type { OverviewSource } from '#lib/contracts/overview.ts';

export type NamedSource = Pick<OverviewSource, 'id' | 'name'>;

/** Chooses one source or all; nothing where there is but one. */
export function SourceFilter({
  sources,
  value,
  onChange,
}: {
  readonly sources: readonly NamedSource[];
  readonly value: string | null;
  readonly onChange: (source: string | null) => void;
}) {
  if (sources.length < 2) return null;
  return (
    <Select
      id="filter-source"
      aria-label="Source"
      data-testid="filter-source"
      allowClear
      showSearch={{ optionFilterProp: 'label' }}
      placeholder="Any source"
      value={value}
      options={sources.map(({ id, name }) => ({ value: id, label: name }))}
      onChange={(source: string | undefined) => {
        onChange(source ?? null);
      }}
    />
  );
}
