'use client';
import { CheckCircleFilled, ExclamationCircleFilled, SyncOutlined, WarningFilled } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { Restore } from '#lib/contracts/restore.ts';
import { restoreVerdict, type RestoreVerdict as Words } from '#lib/client/restore-words.ts';

const icons: Record<Words['state'], ReactNode> = {
  OK: <CheckCircleFilled aria-hidden />,
  WARNING: <WarningFilled aria-hidden />,
  CRITICAL: <ExclamationCircleFilled aria-hidden />,
  RUNNING: <SyncOutlined spin aria-hidden />,
};

/** The report's first sentence: what is where now, and what was not touched. */
export function RestoreVerdict({ restore }: { readonly restore: Restore }) {
  const { state, word, sentence, lines } = restoreVerdict(restore);
  return (
    <section
      className="hf-verdict"
      data-testid="restore-verdict"
      data-status={state}
      aria-labelledby="restore-sentence"
      aria-live="polite"
    >
      <span className="hf-verdict-state">
        {icons[state]} {word}
      </span>
      <p className="hf-verdict-sentence hf-wrap" id="restore-sentence">
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
