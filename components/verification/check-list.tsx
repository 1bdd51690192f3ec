'use client';
import { RightOutlined } from '@ant-design/icons';
import { Input, Segmented } from 'antd';
import { useState } from 'react';
import type { Check, Verdict } from '#lib/contracts/verification.ts';
import { checkDuration } from '#lib/client/durations.ts';
import {
  checkKindWord,
  checkParts,
  groupChecks,
  matchesCheck,
  verdictWord,
  type CheckGroup,
} from '#lib/client/verification-words.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { Paged } from '#components/ui/paged.tsx';
import { useCheckSearch } from './use-check-search.ts';
import { VerdictMark } from './verdict-mark.tsx';

const PAGE = 50;
const SECTIONS = ['FAILED', 'UNKNOWN', 'PASSED'] as const satisfies readonly Verdict[];

function Values({ check }: { readonly check: Check }) {
  const { expected, found } = check;
  if (expected === null && found === null) return null;
  if (check.verdict === 'PASSED' && expected === found) return <span className="hf-wrap">{found}</span>;
  return (
    <dl className="hf-check-values">
      {expected !== null && (
        <div>
          <dt>Expected</dt>
          <dd className="hf-wrap">{expected}</dd>
        </div>
      )}
      {found !== null && (
        <div>
          <dt>Found</dt>
          <dd className="hf-wrap">{found}</dd>
        </div>
      )}
    </dl>
  );
}

function CheckRow({ check, isGrouped }: { readonly check: Check; readonly isGrouped: boolean }) {
  const { kind, subject } = checkParts(check.name);
  const word = checkKindWord(kind, subject);
  return (
    <li className="hf-check" data-testid="check-row" data-name={check.name} data-verdict={check.verdict}>
      <div className="hf-check-head">
        <span className="hf-check-name hf-wrap">
          {isGrouped ? (
            (subject ?? word)
          ) : (
            <>
              <strong>{word}</strong>
              {subject !== null && <> {subject}</>}
            </>
          )}
          {!check.isRequired && <span className="hf-muted"> (reported only)</span>}
        </span>
        <span className="hf-check-time hf-muted">{checkDuration(check.durationMs)}</span>
      </div>
      {check.reason !== null && <p className="hf-wrap">{check.reason}</p>}
      <Values check={check} />
    </li>
  );
}

function Rows({ group }: { readonly group: CheckGroup }) {
  return (
    <Paged rows={group.checks} size={PAGE} label={`Pages of the checks, ${verdictWord[group.verdict]}`}>
      {(rows) => (
        <ul className="hf-checks">
          {rows.map((check) => (
            <CheckRow key={check.name} check={check} isGrouped={group.kind !== null} />
          ))}
        </ul>
      )}
    </Paged>
  );
}

/** Passed checks of one kind, folded; its rows exist only while it is open. */
function Folded({ group, startsOpen }: { readonly group: CheckGroup; readonly startsOpen: boolean }) {
  const [isOpen, setOpen] = useState(startsOpen);
  const { kind, subject } = checkParts(group.checks[0]?.name ?? '');
  // Checks that were made at once each carry the time of all: their sum would be nobody's.
  const longest = Math.max(...group.checks.map(({ durationMs }) => durationMs));
  return (
    <details
      className="hf-fold"
      open={isOpen}
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary data-testid="check-group" data-name={group.kind}>
        <RightOutlined aria-hidden className="hf-fold-arrow" />
        <span className="hf-fold-name">
          {checkKindWord(kind, subject)}
          {group.checks.length > 1 && <span className="hf-muted"> {group.checks.length} checks</span>}
        </span>
        <span className="hf-check-time hf-muted">{checkDuration(longest)}</span>
      </summary>
      {isOpen && <Rows group={group} />}
    </details>
  );
}

/** Every check: what failed first, then what is not known, then what passed, folded by kind. */
export function CheckList({
  checks,
  foldsPassed = false,
}: {
  readonly checks: readonly Check[];
  /** What passed is one line until it is opened or looked for: where the list is not what a page is about. */
  readonly foldsPassed?: boolean;
}) {
  const [{ find, verdict }, search] = useCheckSearch();
  const text = find.trim();
  const shown = checks.filter(
    (check) => (verdict === null || check.verdict === verdict) && (text === '' || matchesCheck(check, text)),
  );
  const count = (of: Verdict): number => checks.filter((check) => check.verdict === of).length;
  const known = SECTIONS.filter((of) => count(of) > 0);
  const groups = groupChecks(shown);
  const isNarrowed = text !== '';
  return (
    <div className="hf-stack">
      <div className="hf-filters" role="search" aria-label="Filter the checks">
        <Input
          allowClear
          className="hf-find"
          aria-label="Find a check"
          placeholder="Find a check"
          data-testid="find-check"
          value={find}
          onChange={(event) => {
            search({ find: event.target.value });
          }}
        />
        {(known.length > 1 || verdict !== null) && (
          <Segmented<Verdict | 'all'>
            aria-label="Verdict"
            value={verdict ?? 'all'}
            onChange={(next) => {
              search({ verdict: next === 'all' ? null : next });
            }}
            options={[
              { value: 'all', label: `All ${String(checks.length)}` },
              ...known.map((each) => ({ value: each, label: `${verdictWord[each]} ${String(count(each))}` })),
            ]}
          />
        )}
      </div>
      {groups.length === 0 && (
        <EmptyState title="No check matches">Search for less, or choose another verdict.</EmptyState>
      )}
      {SECTIONS.map((of) => {
        const mine = groups.filter((group) => group.verdict === of);
        if (mine.length === 0) return null;
        const total = mine.reduce((sum, group) => sum + group.checks.length, 0);
        const rows = mine.map((group) =>
          group.kind === null ? (
            <Rows key={group.key} group={group} />
          ) : (
            <Folded key={`${group.key} ${String(isNarrowed)}`} group={group} startsOpen={isNarrowed} />
          ),
        );
        if (of === 'PASSED' && foldsPassed && !isNarrowed && verdict === null) {
          return (
            <details key={of} className="hf-fold-all">
              <summary data-testid="passed-checks">
                <RightOutlined aria-hidden className="hf-fold-arrow" />
                <VerdictMark status={of} />{' '}
                <span className="hf-muted">{total === 1 ? '1 check' : `${String(total)} checks`}</span>
              </summary>
              {rows}
            </details>
          );
        }
        return (
          <section key={of} aria-labelledby={`checks-${of}`} className="hf-check-section" data-verdict={of}>
            <h3 id={`checks-${of}`}>
              <VerdictMark status={of} /> <span className="hf-muted">{total}</span>
            </h3>
            {rows}
          </section>
        );
      })}
    </div>
  );
}
