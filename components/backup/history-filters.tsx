'use client';
import { Button, Select } from 'antd';
import {
  BACKUP_STATUSES,
  PROOF_STATES,
  TIERS,
  type BackupStatus,
  type ProofState,
  type Tier,
} from '#lib/contracts/backup.ts';
import { proofStateWord, statusWord, tierWord } from '#lib/client/backup-words.ts';
import { isFiltered, type HistorySearch } from '#lib/client/history-search.ts';
import { SourceFilter, type NamedSource } from '#components/source/source-filter.tsx';
import { DayRange } from '#components/ui/day-range.tsx';
import { useSlashFocus } from '#components/ui/use-slash-focus.ts';

const TYPE_FILTER = 'filter-type';

export function HistoryFilters({
  sources,
  search,
  onChange,
  onClear,
}: {
  readonly sources: readonly NamedSource[];
  readonly search: HistorySearch;
  readonly onChange: (changes: Partial<HistorySearch>) => void;
  readonly onClear: () => void;
}) {
  useSlashFocus(TYPE_FILTER);
  return (
    <div className="hf-filters" role="search" aria-label="Filter the history">
      <SourceFilter
        sources={sources}
        value={search.source}
        onChange={(source) => {
          onChange({ source });
        }}
      />
      <Select
        id={TYPE_FILTER}
        aria-label="Type"
        data-testid="filter-type"
        allowClear
        placeholder="Any type"
        value={search.type}
        options={TIERS.map((value) => ({ value, label: tierWord[value] }))}
        onChange={(type: Tier | undefined) => {
          onChange({ type: type ?? null });
        }}
      />
      <Select
        id="filter-status"
        aria-label="Status"
        data-testid="filter-status"
        allowClear
        placeholder="Any status"
        value={search.status}
        options={BACKUP_STATUSES.map((value) => ({ value, label: statusWord[value] }))}
        onChange={(status: BackupStatus | undefined) => {
          onChange({ status: status ?? null });
        }}
      />
      <Select
        id="filter-proof"
        aria-label="Proof"
        data-testid="filter-proof"
        allowClear
        placeholder="Any proof"
        value={search.proof}
        options={PROOF_STATES.map((value) => ({ value, label: proofStateWord[value] }))}
        onChange={(proof: ProofState | undefined) => {
          onChange({ proof: proof ?? null });
        }}
      />
      <DayRange
        from={search.from}
        to={search.to}
        onChange={(from, to) => {
          onChange({ from, to });
        }}
      />
      {isFiltered(search) && (
        <Button type="link" onClick={onClear} data-testid="clear-filters">
          Clear filters
        </Button>
      )}
    </div>
  );
}
