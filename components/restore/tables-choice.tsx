'use client';
import { Checkbox, Input, Radio, Skeleton } from 'antd';
import { useId, useState } from 'react';
import { TABLES_INTO } from '#lib/contracts/restore.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { rowCount } from '#lib/core/row-count.ts';
import type { RestoreSearch } from '#lib/client/restore-plan.ts';
import { intoShows, intoWord } from '#lib/client/restore-words.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

/** So many are shown at once; the rest is found by typing. */
const SHOWN = 30;

interface Choosing {
  readonly search: RestoreSearch;
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
}

function Ways({ search, onChange }: Choosing) {
  return (
    <fieldset className="hf-fieldset">
      <legend className="hf-label">What becomes of the live rows</legend>
      <div className="hf-choices">
        {TABLES_INTO.map((into) => (
          <Radio
            key={into}
            className="hf-choice"
            name="into"
            value={into}
            checked={into === search.into}
            data-testid={`into-${into}`}
            onChange={() => {
              onChange({ into });
            }}
          >
            <strong className="hf-choice-head">{intoWord[into]}</strong>
            <span className="hf-muted">{intoShows[into]}</span>
          </Radio>
        ))}
      </div>
    </fieldset>
  );
}

/** Which tables of the backup, and what becomes of the live ones. */
export function TablesChoice({ backupId, search, onChange }: Choosing & { readonly backupId: string }) {
  const id = useId();
  const { data, isError, error, isFetching, refetch } = useManifest(backupId);
  const [text, setText] = useState('');
  if (data === undefined) {
    return isError ? (
      <ProblemAlert
        error={error}
        title="The tables could not be loaded"
        isRetrying={isFetching}
        onRetry={() => {
          void refetch();
        }}
      />
    ) : (
      <Skeleton active title={false} paragraph={{ rows: 5 }} />
    );
  }
  const { tables } = data.manifest.facts;
  const wanted = text.trim().toLowerCase();
  const all = tables
    .filter(({ kind }) => kind !== 'foreign')
    .map((table) => ({ ...table, label: `${table.schema}.${table.name}` }));
  const isChosen = ({ label, name }: (typeof all)[number]): boolean =>
    search.tables.includes(label) || search.tables.includes(name);
  const matching = all.filter((table) => isChosen(table) || table.label.toLowerCase().includes(wanted));
  // What is chosen stays in sight, whatever is looked for.
  const sorted = [...matching.filter(isChosen), ...matching.filter((table) => !isChosen(table))];
  const shown = sorted.slice(0, Math.max(SHOWN, search.tables.length));
  return (
    <>
      <fieldset className="hf-fieldset" data-testid="tables-choice" data-chosen={search.tables.length}>
        <legend className="hf-label">Which tables</legend>
        <label htmlFor={id} className="hf-visually-hidden">
          Find a table
        </label>
        <Input
          id={id}
          allowClear
          className="hf-target"
          placeholder="Find a table"
          data-testid="find-table"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
        <div className="hf-options hf-tables-list">
          {shown.map((table) => (
            <Checkbox
              key={table.label}
              checked={isChosen(table)}
              data-testid="choose-table"
              onChange={(event) => {
                const others = search.tables.filter((one) => one !== table.label && one !== table.name);
                onChange({ tables: event.target.checked ? [...others, table.label] : others });
              }}
            >
              <span className="hf-wrap">{table.label}</span>{' '}
              <span className="hf-muted hf-number">
                {table.rows === null ? 'rows not counted' : rowCount(table.rows)}
                {table.kind === 'partitioned' && ', with its partitions'}
                {table.bytes !== null && `, ${humanBytes(table.bytes)}`}
              </span>
            </Checkbox>
          ))}
        </div>
        <span className="hf-help" aria-live="polite">
          {shown.length === 0
            ? 'No table matches: search for a part of its name or schema.'
            : sorted.length > shown.length
              ? `${String(sorted.length - shown.length)} more: type a part of the name to find them.`
              : 'Tables that point at each other are best chosen together.'}
        </span>
      </fieldset>
      <Ways search={search} onChange={onChange} />
    </>
  );
}
