'use client';
import Link from 'next/link';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { statusWord } from '#lib/client/backup-words.ts';
import { calendarInstant, plainInstant } from '#lib/client/instants.ts';
import { proofWords } from '#lib/client/proof-words.ts';
import { useNow } from '#lib/client/use-now.ts';
import { Tip } from '#components/ui/tip.tsx';
import { EmptyState } from '#components/ui/empty-state.tsx';

const FULL = 100;
const LEAST = 16;

function Bar({
  row,
  largest,
  mayManage,
  isSourceShown,
}: {
  readonly row: BackupRow;
  readonly largest: number;
  readonly mayManage: boolean;
  readonly isSourceShown: boolean;
}) {
  const now = useNow();
  const at = new Date(row.createdAt);
  const height = row.size === 0 ? FULL : Math.max(LEAST, Math.round((row.size / largest) * FULL));
  const size = row.size === 0 ? '' : `, ${humanBytes(row.size)}`;
  const when = now === null ? plainInstant(at) : calendarInstant(at, now);
  const proof = now === null ? null : proofWords(row, now);
  const words = `${isSourceShown ? `${row.sourceName}: ` : ''}${statusWord[row.status]}, ${when}${size}${proof === null ? '' : `; proof: ${proof.text}`}`;
  const bar = (
    <span
      className="hf-bar"
      data-status={row.status}
      data-proof={row.status === 'COMPLETED' ? row.proof.state : undefined}
      style={{ height: `${String(height)}%` }}
      aria-hidden
    />
  );
  return (
    <Tip title={words}>
      {mayManage ? (
        <Link
          href={`/settings/backup?backup=${row.id}`}
          className="hf-bar-slot"
          aria-label={words}
          data-testid="recent"
          data-status={row.status}
        >
          {bar}
        </Link>
      ) : (
        <span
          className="hf-bar-slot"
          role="img"
          aria-label={words}
          data-testid="recent"
          data-status={row.status}
        >
          {bar}
        </span>
      )}
    </Tip>
  );
}

function legend(recent: readonly BackupRow[]): string {
  const failed = recent.filter(
    ({ status, error }) => status === 'FAILED' && error?.code !== 'cancelled',
  ).length;
  const of = (state: BackupRow['proof']['state']): number =>
    recent.filter(({ status, proof }) => status === 'COMPLETED' && proof.state === state).length;
  const last = recent.length === 1 ? 'The first one' : `Of the last ${String(recent.length)}`;
  const parts = [
    ...(of('PROVEN') === 0 ? [] : [`${String(of('PROVEN'))} proven (solid)`]),
    ...(of('NEVER') === 0 ? [] : [`${String(of('NEVER'))} not proven (outlined)`]),
    ...(of('FAILED') === 0 ? [] : [`${String(of('FAILED'))} failed the proof (hatched)`]),
    failed === 0 ? 'none failed to be taken' : `${String(failed)} failed to be taken (hatched)`,
  ];
  if (recent.length === 1) {
    const [only] = recent;
    if (only?.status === 'IN_PROGRESS') return `${last} is being taken.`;
    return only?.status === 'COMPLETED' && only.proof.state === 'PROVEN'
      ? `${last} is proven.`
      : failed === 0
        ? `${last} did not fail.`
        : `${last} failed.`;
  }
  return `${last}: ${parts.join(', ')}.`;
}

/** The newest backups, oldest at the left: height is size, filling is how it ended and whether it is proven. */
export function RecentStrip({
  recent,
  mayManage,
  isSourceShown,
}: {
  readonly recent: readonly BackupRow[];
  readonly mayManage: boolean;
  /** Whether they are of several. */
  readonly isSourceShown: boolean;
}) {
  if (recent.length === 0) {
    return (
      <EmptyState title="No backups yet">
        The first one appears here as soon as it is started, by hand or by the schedule.
      </EmptyState>
    );
  }
  const largest = Math.max(1, ...recent.map(({ size }) => size));
  return (
    <div className="hf-strip-box">
      <ol className="hf-strip" aria-label="Recent backups, oldest first">
        {recent.toReversed().map((row) => (
          <li key={row.id}>
            <Bar row={row} largest={largest} mayManage={mayManage} isSourceShown={isSourceShown} />
          </li>
        ))}
      </ol>
      <p className="hf-strip-legend hf-muted">{legend(recent)} Height is the stored size.</p>
    </div>
  );
}
