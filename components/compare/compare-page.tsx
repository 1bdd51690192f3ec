'use client';
import { SwapOutlined } from '@ant-design/icons';
import { Button, Select, Skeleton } from 'antd';
import { createParser, useQueryStates } from 'nuqs';
import { useId } from 'react';
import { BackupId, type BackupRow } from '#lib/contracts/backup.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { tierWord } from '#lib/client/backup-words.ts';
import type { Manifest } from '#lib/contracts/manifest.ts';
import { compareFacts } from '#lib/client/compare-facts.ts';
import { compareFiles, compareKeys } from '#lib/client/compare-held.ts';
import { DEFAULT_HISTORY_SEARCH } from '#lib/client/history-search.ts';
import { plainInstant } from '#lib/client/instants.ts';
import { useBackup } from '#lib/client/use-backup.ts';
import { useBackupHistory } from '#lib/client/use-backup-history.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { ComparedHeld } from './compared-held.tsx';
import { ComparisonView } from './comparison-view.tsx';

/** What is no id, as in a link that was cut, has chosen nothing. */
const parseAsBackup = createParser({
  parse: (text) => BackupId.safeParse(text).data ?? null,
  serialize: (id: string) => id,
});
const parsers = { a: parseAsBackup, b: parseAsBackup };

const labelOf = ({ createdAt, tiers, description }: BackupRow): string =>
  `${plainInstant(new Date(createdAt))}, ${tiers.map((tier) => tierWord[tier].toLowerCase()).join(' and ')}${description === null ? '' : `: ${description}`}`;

/** One side's backup: chosen among the newest ones; one from further back is kept when the URL names it. */
function Side({
  name,
  rows,
  value,
  other,
  sourceId,
  onChange,
}: {
  readonly name: 'A' | 'B';
  readonly rows: readonly BackupRow[];
  readonly value: string | null;
  readonly other: string | null;
  /** Of which source the other side's is; null where it is not known. Two sources are not compared. */
  readonly sourceId: string | null;
  readonly onChange: (id: string) => void;
}) {
  const id = useId();
  const chosen = useBackup(value !== null && !rows.some((row) => row.id === value) ? value : null);
  const listed = chosen.data === undefined ? rows : [...rows, chosen.data];
  const isSourceShown = listed.some((row) => row.sourceId !== listed[0]?.sourceId);
  return (
    <div className="hf-choose hf-choose-wide">
      <label htmlFor={id}>Backup {name}</label>
      <Select
        id={id}
        showSearch={{ optionFilterProp: 'label' }}
        className="hf-choose-select"
        data-testid={`side-${name.toLowerCase()}`}
        placeholder="Choose a backup"
        value={value}
        onChange={onChange}
        options={listed.map((row) => ({
          value: row.id,
          label: isSourceShown ? `${row.sourceName}: ${labelOf(row)}` : labelOf(row),
          disabled: row.id === other || (sourceId !== null && row.sourceId !== sourceId),
        }))}
      />
    </div>
  );
}

/** Two backups of one source, by what each kind of it counts. */
function Compared({
  a,
  b,
  sourceId,
}: {
  readonly a: Manifest;
  readonly b: Manifest;
  readonly sourceId: string;
}) {
  switch (a.source.kind) {
    case 'postgres':
    case 'sqlite':
      return (
        <ComparisonView
          comparison={compareFacts(a.facts, b.facts)}
          kind={a.source.kind}
          sourceId={sourceId}
        />
      );
    case 'files':
      return (
        <ComparedHeld
          lines={compareFiles(a.facts, b.facts)}
          note="Which files differ is not in a manifest, whose readers may not know what they are called. Restore one of the two to a new path: its report names what differs from what is in use."
        />
      );
    case 'redis':
      return (
        <ComparedHeld
          lines={compareKeys(a.facts, b.facts)}
          note="Keys are counted, not compared: whether their values differ is not known."
        />
      );
  }
}

/** What changed in a source between two backups, from their manifests. */
export function ComparePage() {
  const [{ a, b }, set] = useQueryStates(parsers, { history: 'replace', scroll: false });
  const history = useBackupHistory({ ...DEFAULT_HISTORY_SEARCH, status: 'COMPLETED', limit: 200 });
  const [left, right] = [useManifest(a), useManifest(b)];
  const [sourceOfA, sourceOfB] = [useBackup(a), useBackup(b)].map(({ data }) => data?.sourceId ?? null);
  const isOfTwoSources = sourceOfA != null && sourceOfB != null && sourceOfA !== sourceOfB;
  const rows = history.data?.data ?? [];
  const failed = [history, left, right].find(({ isError, data }) => isError && data === undefined);
  const isChosen = a !== null && b !== null;
  return (
    <div className="hf-page">
      <PageHeader
        title="Compare two backups"
        lead="What changed from A to B: rows and content of every table and the objects around them, or how many files or keys there are."
      />
      <div className="hf-compare-pick" role="search" aria-label="Choose two backups">
        <Side
          name="A"
          rows={rows}
          value={a}
          other={b}
          sourceId={sourceOfB ?? null}
          onChange={(id) => {
            void set({ a: id });
          }}
        />
        <Button
          icon={<SwapOutlined aria-hidden />}
          aria-label="Swap A and B"
          disabled={!isChosen}
          onClick={() => {
            void set({ a: b, b: a });
          }}
        />
        <Side
          name="B"
          rows={rows}
          value={b}
          other={a}
          sourceId={sourceOfA ?? null}
          onChange={(id) => {
            void set({ b: id });
          }}
        />
      </div>
      {failed !== undefined && (
        <ProblemAlert
          error={failed.error}
          title="The two could not be compared"
          isRetrying={failed.isFetching}
          onRetry={() => {
            void failed.refetch();
          }}
        />
      )}
      {!isChosen && (
        <EmptyState title="Choose two backups">
          Take the older one as A and the newer one as B. Only their manifests are read, so this takes no time
          and touches no archive.
        </EmptyState>
      )}
      {isChosen && a === b && (
        <EmptyState title="This is one backup twice">Choose another one as A or as B.</EmptyState>
      )}
      {isOfTwoSources && (
        <EmptyState title="These are backups of two sources">
          What has one name in two sources has nothing to do with each other. Choose two backups of one
          source.
        </EmptyState>
      )}
      {isChosen &&
        a !== b &&
        !isOfTwoSources &&
        failed === undefined &&
        (left.data === undefined || right.data === undefined ? (
          <Skeleton active title={false} paragraph={{ rows: 8 }} />
        ) : (
          <Compared
            a={left.data.manifest}
            b={right.data.manifest}
            sourceId={sourceOfA ?? ENVIRONMENT_SOURCE_ID}
          />
        ))}
    </div>
  );
}
