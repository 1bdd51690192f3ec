'use client';
import { Radio } from 'antd';
import { SOURCE_KINDS, type SourceKind } from '#lib/core/source-kind.ts';
import { kindShows } from '#lib/client/source-words.ts';
import { KindMark } from './kind-mark.tsx';

/** What is to be protected: the first question, for the rest of the form depends on it. */
export function KindChoice({
  value,
  onChange,
}: {
  readonly value: SourceKind;
  readonly onChange: (kind: SourceKind) => void;
}) {
  return (
    <fieldset className="hf-fieldset">
      <legend className="hf-label">What is to be protected</legend>
      <div className="hf-kinds">
        {SOURCE_KINDS.map((kind) => (
          <Radio
            key={kind}
            className="hf-choice"
            name="kind"
            value={kind}
            checked={kind === value}
            data-testid={`kind-${kind}`}
            onChange={() => {
              onChange(kind);
            }}
          >
            <strong className="hf-choice-head">
              <KindMark kind={kind} />
            </strong>
            <span className="hf-muted">{kindShows[kind]}</span>
          </Radio>
        ))}
      </div>
    </fieldset>
  );
}
