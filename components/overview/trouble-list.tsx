'use client';
import { ExclamationCircleFilled, QuestionCircleFilled, WarningFilled } from '@ant-design/icons';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { HealthCheck } from '#lib/contracts/overview.ts';
import { checkTitle } from '#lib/client/check-words.ts';
import { sentence } from '#lib/client/sentence.ts';
import { navGroups } from '#components/shell/nav-items.ts';

const order = ['CRITICAL', 'WARNING', 'UNKNOWN', 'OK'] as const;
const looks: Record<Exclude<HealthCheck['state'], 'OK'>, { icon: ReactNode; word: string }> = {
  CRITICAL: { icon: <ExclamationCircleFilled aria-hidden />, word: 'Critical' },
  WARNING: { icon: <WarningFilled aria-hidden />, word: 'Warning' },
  UNKNOWN: { icon: <QuestionCircleFilled aria-hidden />, word: 'Unknown' },
};

/** The pages of somebody who may only look. */
const OPEN_TO_ALL = new Set(navGroups('viewer').flatMap(({ items }) => items.map(({ href }) => href)));

function Trouble({ check, mayManage }: { readonly check: HealthCheck; readonly mayManage: boolean }) {
  if (check.state === 'OK') return null;
  const { icon, word } = looks[check.state];
  const isReachable = mayManage || OPEN_TO_ALL.has(/^[^?#]*/.exec(check.action?.href ?? '')?.[0] ?? '');
  return (
    <li
      className="hf-trouble"
      data-testid="trouble"
      data-status={check.state}
      data-name={check.name}
      data-source={check.source?.name}
    >
      <span className="hf-trouble-icon" data-status={check.state}>
        {icon}
        <span className="hf-visually-hidden">{word}</span>
      </span>
      <div className="hf-trouble-text">
        <p className="hf-trouble-name">
          {check.source !== null && <span className="hf-wrap">{check.source.name}: </span>}
          {check.source === null ? checkTitle(check.name) : checkTitle(check.name).toLowerCase()}
        </p>
        <p>{sentence(check.detail)}</p>
      </div>
      {check.action !== null &&
        (isReachable ? (
          <Link href={check.action.href} className="hf-trouble-action">
            {check.action.label}
          </Link>
        ) : (
          <span className="hf-trouble-action hf-muted">Ask an administrator</span>
        ))}
    </li>
  );
}

/** What is wrong, worst first, each with one action; and how many checks are fine. */
export function TroubleList({
  checks,
  mayManage,
}: {
  readonly checks: readonly HealthCheck[];
  readonly mayManage: boolean;
}) {
  const wrong = checks
    .filter(({ state }) => state !== 'OK')
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const fine = checks.filter(({ state }) => state === 'OK');
  return (
    <div className="hf-stack">
      {wrong.length > 0 && (
        <ul className="hf-troubles" aria-label="What is wrong">
          {wrong.map((check) => (
            <Trouble key={`${check.source?.id ?? ''} ${check.name}`} check={check} mayManage={mayManage} />
          ))}
        </ul>
      )}
      {fine.length > 0 && (
        <details className="hf-fine">
          <summary>
            {wrong.length === 0 && fine.length > 1 ? 'All ' : ''}
            {fine.length === 1 ? '1 check' : `${String(fine.length)} checks`} passed
          </summary>
          <ul>
            {fine.map(({ name, source, detail }) => (
              <li key={`${source?.id ?? ''} ${name}`} data-testid="check" data-status="OK" data-name={name}>
                <strong>
                  {source !== null && `${source.name}: `}
                  {source === null ? checkTitle(name) : checkTitle(name).toLowerCase()}
                </strong>{' '}
                <span className="hf-muted">{sentence(detail)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
