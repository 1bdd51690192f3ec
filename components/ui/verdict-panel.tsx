'use client';
import { CheckCircleFilled, ExclamationCircleFilled, SyncOutlined, WarningFilled } from '@ant-design/icons';
import { useId, type ReactNode } from 'react';
import type { ReportVerdict } from '#lib/client/report-verdict.ts';

const icons: Record<ReportVerdict['state'], ReactNode> = {
  OK: <CheckCircleFilled aria-hidden />,
  WARNING: <WarningFilled aria-hidden />,
  CRITICAL: <ExclamationCircleFilled aria-hidden />,
  RUNNING: <SyncOutlined spin aria-hidden />,
};

/** A report's first sentence, coloured by its state and never by hope. */
export function VerdictPanel({
  verdict: { state, word, sentence, lines },
  testId,
}: {
  readonly verdict: ReportVerdict;
  readonly testId: string;
}) {
  const id = useId();
  return (
    <section
      className="hf-verdict"
      data-testid={testId}
      data-status={state}
      aria-labelledby={id}
      aria-live="polite"
    >
      <span className="hf-verdict-state">
        {icons[state]} {word}
      </span>
      <p className="hf-verdict-sentence hf-wrap" id={id} data-testid={`${testId}-sentence`}>
        {sentence}
      </p>
      {lines.map((line) => (
        <p key={line} className="hf-wrap">
          {line}
        </p>
      ))}
    </section>
  );
}
