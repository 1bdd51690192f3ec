'use client';
import { Button, Checkbox, Input, Radio } from 'antd';
import { useId } from 'react';
import type { BackupDetail } from '#lib/contracts/backup.ts';
import type { Installation } from '#lib/contracts/settings.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import { defaultTarget, OFFERED_MODES, type RestoreSearch } from '#lib/client/restore-plan.ts';
import { modeKeeps, modeShows, modeWord } from '#lib/client/restore-words.ts';
import { StepEnd } from './step-end.tsx';
import { TablesChoice } from './tables-choice.tsx';

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
            className={mode === 'in-place' ? 'hf-choice hf-choice-apart' : 'hf-choice'}
            name="mode"
            value={mode}
            checked={mode === search.mode}
            data-testid={`mode-${mode}`}
            onChange={() => {
              // Each mode has a target of its own.
              onChange({ mode, target: null });
            }}
          >
            <span className="hf-choice-head">
              <strong>{modeWord[mode]}</strong>
              {mode === 'in-place' && <span className="hf-muted">the last resort</span>}
            </span>
            <span className="hf-muted">{modeShows[mode]}</span>
          </Radio>
        ))}
      </div>
    </fieldset>
  );
}

const targetLabel: Record<RestoreSearch['mode'], string> = {
  new: 'Name of the new database',
  swap: 'The live database it is swapped with',
  'in-place': 'The live database that is restored over',
  tables: 'The live database they come into',
};
const targetHelp: Record<RestoreSearch['mode'], string> = {
  new: 'It must not exist yet. You can remove it by name when you are done.',
  swap: 'Its place is taken by the restored copy; it is kept whole under another name.',
  'in-place':
    'What was written to it since the backup will be gone from it, and stays in the safety backup only.',
  tables: 'It must be there; a table that it has no more is made again.',
};

/** Only names: what a command is, the server’s own file says. */
function Commands({
  hooks,
  search,
  onChange,
}: {
  readonly hooks: Installation['hooks'];
  readonly search: RestoreSearch;
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
}) {
  const groups = [
    ['Before it touches a database', hooks.before],
    ['Afterwards', hooks.after],
  ] as const;
  if (hooks.before.length + hooks.after.length === 0) return null;
  return (
    <fieldset className="hf-fieldset" data-testid="hooks">
      <legend className="hf-label">Commands of the server</legend>
      {groups.map(
        ([label, names]) =>
          names.length > 0 && (
            <div key={label} className="hf-options">
              <span className="hf-muted">{label}</span>
              {names.map((name) => (
                <Checkbox
                  key={name}
                  checked={search.hooks.includes(name)}
                  data-testid={`hook-${name}`}
                  onChange={(event) => {
                    const others = search.hooks.filter((one) => one !== name);
                    onChange({ hooks: event.target.checked ? [...others, name] : others });
                  }}
                >
                  {name}
                </Checkbox>
              ))}
            </div>
          ),
      )}
      <span className="hf-help">
        One before that fails stops the restore. Those afterwards also run when it stops, so that what was
        stopped is started again.
      </span>
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
  return (
    <div>
      <label htmlFor={ids.input} className="hf-label">
        {targetLabel[search.mode]}
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
        {refusal !== undefined ? <span className="hf-refusal">{refusal}</span> : targetHelp[search.mode]}
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
  hooks,
  onChange,
  onBack,
  onNext,
}: {
  readonly backup: BackupDetail;
  readonly search: RestoreSearch;
  readonly database: string;
  readonly now: Date;
  readonly refusals: Readonly<Partial<Record<string, string>>>;
  readonly hooks: Installation['hooks'];
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
      {search.mode === 'tables' && <TablesChoice backupId={backup.id} search={search} onChange={onChange} />}
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
        {search.mode === 'new' && (
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
      <Commands hooks={hooks} search={search} onChange={onChange} />
      {others.map(([field, text]) => (
        // Nothing is wrong while no table is chosen yet.
        <p key={field} className={field === 'tables' ? 'hf-muted' : 'hf-refusal'}>
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
