'use client';
import { Button, Checkbox, Input, Radio } from 'antd';
import { useId } from 'react';
import type { BackupDetail } from '#lib/contracts/backup.ts';
import type { Installation } from '#lib/contracts/settings.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import {
  modeKeepsOf,
  modeShowsOf,
  modeWordOf,
  targetHelpOf,
  targetLabelOf,
} from '#lib/client/restore-kind-words.ts';
import {
  defaultTarget,
  modeFor,
  modesOf,
  type RestoreSearch,
  type RestoredSource,
} from '#lib/client/restore-plan.ts';
import { StepEnd } from './step-end.tsx';
import { TablesChoice } from './tables-choice.tsx';

function Modes({
  kind,
  search,
  onChange,
}: {
  readonly kind: SourceKind;
  readonly search: RestoreSearch;
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
}) {
  return (
    <fieldset className="hf-fieldset">
      <legend className="hf-label">How it comes back</legend>
      <div className="hf-choices">
        {modesOf(kind).map((mode) => (
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
              <strong>{modeWordOf(kind, mode)}</strong>
              {mode === 'in-place' && <span className="hf-muted">the last resort</span>}
            </span>
            <span className="hf-muted">{modeShowsOf(kind, mode)}</span>
          </Radio>
        ))}
      </div>
    </fieldset>
  );
}

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
  source,
  now,
  refusal,
  onChange,
}: {
  readonly search: RestoreSearch;
  readonly source: RestoredSource;
  readonly now: Date;
  readonly refusal: string | undefined;
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
}) {
  const ids = { input: useId(), help: useId() };
  // Nothing is wrong while nobody has typed.
  const fault = search.target === null ? undefined : refusal;
  return (
    <div>
      <label htmlFor={ids.input} className="hf-label">
        {targetLabelOf(source.kind, search.mode)}
      </label>
      <Input
        id={ids.input}
        className="hf-target"
        data-testid="target-database"
        autoComplete="off"
        spellCheck={false}
        value={search.target ?? defaultTarget(search.mode, source, now)}
        status={fault === undefined ? '' : 'error'}
        aria-invalid={fault !== undefined}
        aria-describedby={ids.help}
        onChange={(event) => {
          onChange({ target: event.target.value });
        }}
      />
      <span id={ids.help} className="hf-help" data-testid="target-help">
        {fault !== undefined ? (
          <span className="hf-refusal">{fault}</span>
        ) : (
          targetHelpOf(source.kind, search.mode)
        )}
      </span>
    </div>
  );
}

/** The mode, the name, and the few things that can be chosen besides. */
export function HowStep({
  backup,
  search: asked,
  now,
  refusals,
  hooks,
  onChange,
  onBack,
  onNext,
}: {
  readonly backup: BackupDetail;
  readonly search: RestoreSearch;
  readonly now: Date;
  readonly refusals: Readonly<Partial<Record<string, string>>>;
  readonly hooks: Installation['hooks'];
  readonly onChange: (changes: Partial<RestoreSearch>) => void;
  readonly onBack: () => void;
  readonly onNext: (() => void) | null;
}) {
  const stored = backup.copies.filter(({ status }) => status === 'STORED');
  const { source } = backup;
  const search = { ...asked, mode: modeFor(source.kind, asked.mode) };
  const isSwap = search.mode === 'swap';
  const isDatabase = source.kind === 'postgres';
  const others = Object.entries(refusals).filter(([field]) => field !== 'targetDatabase');
  return (
    <>
      <Modes kind={source.kind} search={search} onChange={onChange} />
      {isDatabase && search.mode === 'tables' && (
        <TablesChoice backupId={backup.id} search={search} onChange={onChange} />
      )}
      <Target
        search={search}
        source={source}
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
        {isDatabase && search.mode === 'new' && (
          <Checkbox
            checked={search.schemaOnly}
            onChange={(event) => {
              onChange({ schemaOnly: event.target.checked });
            }}
          >
            Only the tables and other objects, without rows
          </Checkbox>
        )}
        {isDatabase && (
          <Checkbox
            checked={search.noOwner}
            onChange={(event) => {
              onChange({ noOwner: event.target.checked });
            }}
          >
            Without the owners of the backup: everything belongs to the user that restores
          </Checkbox>
        )}
      </div>
      <Commands hooks={hooks} search={search} onChange={onChange} />
      {others.map(([field, text]) => (
        // Nothing is wrong while no table is chosen yet.
        <p key={field} className={field === 'tables' ? 'hf-muted' : 'hf-refusal'}>
          {text}
        </p>
      ))}
      <StepEnd untouched={modeKeepsOf(source.kind, search.mode)} onBack={onBack}>
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
