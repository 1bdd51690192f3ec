'use client';
import { CheckCircleFilled, CloseCircleFilled, QuestionCircleFilled, WarningFilled } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { RestorePreview } from '#lib/contracts/restore.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import {
  environmentWord,
  findingTitle,
  findingWord,
  previewSentence,
  sortFindings,
} from '#lib/client/restore-words.ts';

type Finding = RestorePreview['findings'][number];

const icons: Record<Finding['state'], ReactNode> = {
  BLOCKED: <CloseCircleFilled aria-hidden />,
  UNKNOWN: <QuestionCircleFilled aria-hidden />,
  WARNING: <WarningFilled aria-hidden />,
  OK: <CheckCircleFilled aria-hidden />,
};
// It may begin with the name of a database, which has a case of its own.
const ended = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`);

function FindingRow({ finding }: { readonly finding: Finding }) {
  const { state, name, detail, hint } = finding;
  return (
    <li className="hf-finding" data-testid="finding" data-name={name} data-status={state}>
      <span className="hf-finding-icon">
        {icons[state]}
        <span className="hf-visually-hidden">{findingWord[state]}: </span>
      </span>
      <div>
        <p>
          <strong>{findingTitle(name)}</strong>
          {state !== 'OK' && <span className="hf-finding-word">{findingWord[state].toLowerCase()}</span>}
        </p>
        <p className="hf-wrap">{ended(detail)}</p>
        {hint !== null && state !== 'OK' && <p className="hf-wrap hf-muted">{hint}</p>}
      </div>
    </li>
  );
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <div className="hf-effect">
      <h3>{title}</h3>
      <ul>
        {lines.map((line) => (
          <li key={line} className="hf-wrap">
            {line}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What is created, replaced, dropped and kept, and what a worker found at the server. */
export function PreviewView({ preview }: { readonly preview: RestorePreview }) {
  const { canStart, creates, replaces, drops, keeps, sizeBytes, environment } = preview;
  const findings = sortFindings(preview.findings);
  const fine = findings.filter(({ state }) => state === 'OK');
  const open = findings.filter(({ state }) => state !== 'OK');
  return (
    <div className="hf-stack" data-testid="preview" data-can-start={canStart}>
      <p className="hf-preview-sentence" data-blocked={!canStart}>
        {previewSentence(preview)}
      </p>
      {open.length > 0 && (
        <ul className="hf-findings" aria-label="What to know">
          {open.map((finding) => (
            <FindingRow key={`${finding.name} ${finding.detail}`} finding={finding} />
          ))}
        </ul>
      )}
      <div className="hf-effects">
        <Lines title="Kept as it is" lines={keeps} />
        <Lines title="Created" lines={creates} />
        <Lines title="Replaced" lines={replaces} />
        <Lines title="Dropped" lines={drops} />
      </div>
      <p className="hf-muted">
        {sizeBytes === null
          ? 'The size of the copy is not known'
          : `The copy takes about ${humanBytes(sizeBytes)}`}
        {' · '}
        {environmentWord[environment]}
        {environment === 'production' && ', or not marked as anything else'}
      </p>
      {fine.length > 0 && (
        <details className="hf-fine">
          <summary data-testid="fine-findings">
            {fine.length === 1
              ? '1 thing was looked at and is fine'
              : `${String(fine.length)} things were looked at and are fine`}
          </summary>
          <ul className="hf-findings" aria-label="What is fine">
            {fine.map((finding) => (
              <FindingRow key={`${finding.name} ${finding.detail}`} finding={finding} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
