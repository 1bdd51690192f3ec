'use client';
import {
  CheckCircleFilled,
  ExclamationCircleFilled,
  QuestionCircleFilled,
  SyncOutlined,
} from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { Drill } from '#lib/contracts/drill.ts';
import { drillVerdict, type DrillVerdict as Words } from '#lib/client/drill-words.ts';

const icons: Record<Words['state'], ReactNode> = {
  OK: <CheckCircleFilled aria-hidden />,
  WARNING: <QuestionCircleFilled aria-hidden />,
  CRITICAL: <ExclamationCircleFilled aria-hidden />,
  RUNNING: <SyncOutlined spin aria-hidden />,
};

/** The first sentence: would we be back, and how soon. */
export function DrillVerdict({ drill }: { readonly drill: Drill }) {
  const { state, word, sentence, lines } = drillVerdict(drill);
  return (
    <section
      className="hf-verdict"
      data-testid="drill-verdict"
      data-status={state}
      aria-labelledby="drill-sentence"
      aria-live="polite"
    >
      <span className="hf-verdict-state">
        {icons[state]} {word}
      </span>
      <p className="hf-verdict-sentence hf-wrap" id="drill-sentence">
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
