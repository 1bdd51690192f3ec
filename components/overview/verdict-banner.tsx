'use client';
import {
  CheckCircleFilled,
  ExclamationCircleFilled,
  QuestionCircleFilled,
  WarningFilled,
} from '@ant-design/icons';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Overview } from '#lib/contracts/overview.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { verdictOf, type VerdictState } from '#lib/client/verdict.ts';
import { Instant } from '#components/ui/instant.tsx';
import { MiddleCut } from '#components/ui/middle-cut.tsx';

const icons: Record<VerdictState, ReactNode> = {
  OK: <CheckCircleFilled aria-hidden />,
  WARNING: <WarningFilled aria-hidden />,
  CRITICAL: <ExclamationCircleFilled aria-hidden />,
  UNKNOWN: <QuestionCircleFilled aria-hidden />,
};
const stateWord: Record<VerdictState, string> = {
  OK: 'All good',
  WARNING: 'Needs attention',
  CRITICAL: 'Act now',
  UNKNOWN: 'Not certain',
};

/** The page's first sentence: what the newest good restore point is and how old, coloured by the worst state. */
export function VerdictBanner({
  overview,
  mayManage,
}: {
  readonly overview: Overview;
  readonly mayManage: boolean;
}) {
  const verdict = verdictOf(overview);
  const { newestGood } = overview;
  return (
    <section
      className="hf-verdict"
      data-testid="verdict"
      data-status={verdict.state}
      aria-labelledby="verdict-sentence"
    >
      <span className="hf-verdict-state">
        {icons[verdict.state]} {stateWord[verdict.state]}
      </span>
      <p className="hf-verdict-sentence" id="verdict-sentence">
        {verdict.lead}
        {newestGood !== null && (
          <>
            {' '}
            <Instant at={newestGood.createdAt} as="calendar" />, {verdict.tail}
          </>
        )}
      </p>
      <p>{verdict.consequence}</p>
      {newestGood !== null && (
        <div className="hf-verdict-facts">
          <span>
            {humanBytes(newestGood.size)}
            {newestGood.tableCount !== null && `, ${String(newestGood.tableCount)} tables`}, read back and
            found equal after it was stored
          </span>
          {mayManage ? (
            <Link href={`/settings/backup?backup=${newestGood.id}`} className="hf-verdict-file">
              <MiddleCut text={newestGood.filename} />
            </Link>
          ) : (
            <span className="hf-verdict-file">
              <MiddleCut text={newestGood.filename} />
            </span>
          )}
        </div>
      )}
      {newestGood === null && mayManage && <Link href="/settings/backup">Take the first backup</Link>}
    </section>
  );
}
