'use client';
import { Input, Radio } from 'antd';
import { useId, useState } from 'react';
import { relativePaths, relativePathsFault } from '#lib/client/typed-paths.ts';

/** All files of a backup, or some of them by their paths. */
export function PathsChoice({
  paths,
  onChange,
}: {
  /** Empty: everything. */
  readonly paths: readonly string[];
  /** Null while what is typed names none, or no paths. */
  readonly onChange: (paths: readonly string[] | null) => void;
}) {
  const ids = { text: useId(), help: useId() };
  const [isSome, setSome] = useState(paths.length > 0);
  const [text, setText] = useState(paths.join('\n'));
  const fault = isSome ? relativePathsFault(text) : null;
  const tell = (chooses: boolean, typed: string): void => {
    const chosen = relativePaths(typed);
    if (!chooses) onChange([]);
    else onChange(chosen.length === 0 || relativePathsFault(typed) !== null ? null : chosen);
  };
  return (
    <fieldset className="hf-fieldset">
      <legend className="hf-label">How much of it</legend>
      <Radio.Group
        className="hf-radio-lines"
        value={isSome}
        data-testid="paths-choice"
        onChange={(event) => {
          const next = event.target.value as boolean;
          setSome(next);
          tell(next, text);
        }}
      >
        <Radio value={false}>Everything that the backup holds</Radio>
        <Radio value>Only these paths</Radio>
      </Radio.Group>
      {isSome && (
        <div className="hf-paths-text">
          <label htmlFor={ids.text} className="hf-visually-hidden">
            Paths, one a line
          </label>
          <Input.TextArea
            id={ids.text}
            className="hf-code-input hf-target"
            data-testid="restore-paths"
            autoSize={{ minRows: 3, maxRows: 12 }}
            autoComplete="off"
            spellCheck={false}
            placeholder={'.env.production\ndocker/nginx.conf'}
            value={text}
            status={fault === null ? '' : 'error'}
            aria-invalid={fault !== null}
            aria-describedby={ids.help}
            onChange={(event) => {
              setText(event.target.value);
              tell(true, event.target.value);
            }}
          />
          <span id={ids.help} className="hf-help">
            {fault === null ? (
              'One path a line, below the folder that was backed up. A folder comes with all that is in it.'
            ) : (
              <span className="hf-refusal">{fault}</span>
            )}
          </span>
        </div>
      )}
    </fieldset>
  );
}
