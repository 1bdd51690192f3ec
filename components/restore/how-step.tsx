'use client';
import { Button, Checkbox, Input, Radio } from 'antd';
import { useId } from 'react';
import type { BackupDetail } from '#lib/contracts/backup.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import { defaultTarget, OFFERED_MODES, type RestoreSearch } from '#lib/client/restore-plan.ts';
import { modeKeeps, modeShows, modeWord } from '#lib/client/restore-words.ts';
import { StepEnd } from './step-end.tsx';

function Modes({
  search,
  onChange,
}: {
  readonly search: RestoreSearch;
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
}) {
  return (
    <fieldset className="hf-fieldset">
      <legend className="hf-label">How it comes back</legend>
      <div className="hf-choices">
        {OFFERED_MODES.map((mode) => (
          <Radio
            key={mode}
            className="hf-choice"
            name="mode"
            value={mode}
            checked={mode === search.mode}
            data-testid={`mode-${mode}`}
            onChange={() => {
              // Each mode has a target of its own.
              onChange({ mode, target: null });
            }}
          >
            <strong className="hf-choice-head">{modeWord[mode]}</strong>
            <span className="hf-muted">{modeShows[mode]}</span>
          </Radio>
        ))}
      </div>
    </fieldset>
  );
}

function Target({
  search,
  database,
  now,
  refusal,
  onChange,
}: {
  readonly search: RestoreSearch;
  readonly database: string;
  readonly now: Date;
  readonly refusal: string | undefined;
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
}) {
  const ids = { input: useId(), help: useId() };
  const isNew = search.mode === 'new';
  return (
    <div>
      <label htmlFor={ids.input} className="hf-label">
        {isNew ? 'Name of the new database' : 'The live database it is swapped with'}
      </label>
      <Input
        id={ids.input}
        className="hf-target"
        data-testid="target-database"
        autoComplete="off"
        spellCheck={false}
        value={search.target ?? defaultTarget(search.mode, database, now)}
        status={refusal === undefined ? '' : 'error'}
        aria-invalid={refusal !== undefined}
        aria-describedby={ids.help}
        onChange={(event) => {
          onChange({ target: event.target.value });
        }}
      />
      <span id={ids.help} className="hf-help" data-testid="target-help">
        {refusal !== undefined ? (
          <span className="hf-refusal">{refusal}</span>
        ) : isNew ? (
          'It must not exist yet. You can remove it by name when you are done.'
        ) : (
          'Its place is taken by the restored copy; it is kept whole under another name.'
        )}
      </span>
    </div>
  );
}

/** The mode, the name, and the few things that can be chosen besides. */
export function HowStep({
  backup,
  search,
  database,
  now,
  refusals,
  onChange,
  onBack,
  onNext,
}: {
  readonly backup: BackupDetail;
  readonly search: RestoreSearch;
  readonly database: string;
  readonly now: Date;
  readonly refusals: Readonly<Partial<Record<string, string>>>;
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
  readonly onBack: () => void;
  readonly onNext: (() => void) | null;
}) {
  const stored = backup.copies.filter(({ status }) => status === 'STORED');
  const isSwap = search.mode === 'swap';
  const others = Object.entries(refusals).filter(([field]) => field !== 'targetDatabase');
  return (
    <>
      <Modes search={search} onChange={onChange} />
      <Target
        search={search}
        database={database}
        now={now}
        refusal={refusals['targetDatabase']}
        onChange={onChange}
      />
      {stored.length > 1 && (
        <fieldset className="hf-fieldset">
          <legend className="hf-label">Read the copy on</legend>
          <Radio.Group
            value={search.destination ?? stored[0]?.destination}
            options={stored.map(({ destination }) => ({
              value: destination,
              label: destinationWord[destination],
            }))}
            onChange={(event) => {
              onChange({ destination: event.target.value as RestoreSearch['destination'] });
            }}
          />
        </fieldset>
      )}
      <div className="hf-options">
        {isSwap && (
          <Checkbox
            checked={search.pause}
            data-testid="pause-before-swap"
            onChange={(event) => {
              onChange({ pause: event.target.checked });
            }}
          >
            Wait before the swap, so that I can look at the restored copy first
          </Checkbox>
        )}
        {!isSwap && (
          <Checkbox
            checked={search.schemaOnly}
            onChange={(event) => {
              onChange({ schemaOnly: event.target.checked });
            }}
          >
            Only the tables and other objects, without rows
          </Checkbox>
        )}
        <Checkbox
          checked={search.noOwner}
          onChange={(event) => {
            onChange({ noOwner: event.target.checked });
          }}
        >
          Without the owners of the backup: everything belongs to the user that restores
        </Checkbox>
      </div>
      {others.map(([field, text]) => (
        <p key={field} className="hf-refusal">
          {text}
        </p>
      ))}
      <StepEnd untouched={modeKeeps[search.mode]} onBack={onBack}>
        <Button
          type="primary"
          disabled={onNext === null}
          data-testid="next-step"
          onClick={() => {
            onNext?.();
          }}
        >
          Show what would happen
        </Button>
      </StepEnd>
    </>
  );
}
