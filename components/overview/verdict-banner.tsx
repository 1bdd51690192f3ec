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
import { hasTables } from '#lib/core/source-kind.ts';
import { verdictOf, type PointSentence, type VerdictState } from '#lib/client/verdict.ts';
import { Instant } from '#components/ui/instant.tsx';
import { LinkButton } from '#components/ui/link-button.tsx';
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

function Point({ sentence, href }: { readonly sentence: PointSentence; readonly href: string | null }) {
  return (
    <>
      {sentence.lead} <Instant at={sentence.row.createdAt} as="calendar" />, {sentence.tail}
      {href !== null && (
        <>
          {' '}
          <Link href={href} className="hf-link" data-testid="verdict-action">
            {sentence.row.proof.lastStatus === null ? 'Verify it' : 'See what was checked'}
          </Link>
        </>
      )}
    </>
  );
}

/** The page's first sentence: the newest proven restore point and how old it is, coloured by the worst state. */
export function VerdictBanner({
  overview,
  isOfOne,
  mayManage,
}: {
  readonly overview: Overview;
  /** One source was asked for. */
  readonly isOfOne: boolean;
  readonly mayManage: boolean;
}) {
  const { state, sources, lead, proven, newer, isNextWithPerson, isProvenTooRarely, consequence } = verdictOf(
    overview,
    isOfOne,
  );
  const shown = proven?.row ?? newer?.row ?? null;
  return (
    <section
      className="hf-verdict"
      data-testid="verdict"
      data-status={state}
      data-proven={proven !== null}
      aria-labelledby="verdict-sentence"
    >
      <span className="hf-verdict-state">
        {icons[state]} {stateWord[state]}
      </span>
      {sources !== null && <p className="hf-verdict-sentence">{sources}</p>}
      <p className={sources === null ? 'hf-verdict-sentence' : 'hf-verdict-second'} id="verdict-sentence">
        {proven === null ? lead : <Point sentence={proven} href={null} />}
      </p>
      {newer !== null && (
        <p data-testid="verdict-newer">
          <Point
            sentence={newer}
            href={mayManage && isNextWithPerson ? `/settings/backup?backup=${newer.row.id}&tab=checks` : null}
          />
        </p>
      )}
      <p data-testid="verdict-consequence">
        {consequence}
        {isProvenTooRarely && mayManage && (
          <>
            {' '}
            <Link href="/settings/verification" className="hf-link">
              Have backups proven more often
            </Link>
          </>
        )}
      </p>
      {shown !== null && (
        <div className="hf-verdict-facts">
          <span>
            {humanBytes(shown.size)}
            {hasTables(shown.sourceKind) &&
              shown.tableCount !== null &&
              `, ${String(shown.tableCount)} tables`}
            ,{' '}
            {proven === null
              ? 'read back and found equal after it was stored'
              : shown.sourceKind === 'postgres'
                ? 'restored and compared with the facts of its own snapshot'
                : 'restored and compared with what was read for it'}
          </span>
          {mayManage ? (
            <Link
              href={`/settings/backup?backup=${shown.id}${proven === null ? '' : '&tab=checks'}`}
              className="hf-verdict-file"
            >
              <MiddleCut text={shown.filename} />
            </Link>
          ) : (
            <span className="hf-verdict-file">
              <MiddleCut text={shown.filename} />
            </span>
          )}
        </div>
      )}
      {shown === null && overview.running.length > 0 && <p>A backup is being taken now.</p>}
      {shown === null && overview.running.length === 0 && mayManage && (
        <LinkButton type="primary" href="/settings/backup">
          {overview.recent.length === 0 ? 'Take the first backup' : 'Take a backup'}
        </LinkButton>
      )}
    </section>
  );
}
