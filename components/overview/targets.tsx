'use client';
import { Descriptions } from 'antd';
import type { Overview } from '#lib/contracts/overview.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { aboutDuration, coarseDuration, targetMinutes } from '#lib/client/durations.ts';
import { Instant } from '#components/ui/instant.tsx';

function DataLoss({ overview }: { readonly overview: Overview }) {
  const { newestGood, newestProven, newestProvenAgeSeconds, rpoHours } = overview;
  const age = overview.newestGoodAgeSeconds;
  const target = targetMinutes(rpoHours * 60);
  if (age === null) return <>No restore point; the target is {target}</>;
  const lost = (seconds: number): string => (seconds < 60 ? 'under a minute' : coarseDuration(seconds));
  const isMet = (seconds: number): string => (seconds <= rpoHours * 3_600 ? 'met' : 'missed');
  const isProven = newestGood?.id === newestProven?.id;
  return (
    <span data-testid="data-loss">
      {lost(age).replace(/^u/, 'U')}, target {target}: {isMet(age)}
      {!isProven && (
        <span className="hf-help">
          If the newest backup can be restored, which is not proven.
          {newestProvenAgeSeconds !== null &&
            ` With the newest proven one: ${lost(newestProvenAgeSeconds)}, ${isMet(newestProvenAgeSeconds)}.`}
        </span>
      )}
    </span>
  );
}

/** What coming back takes, as the newest proof measured it. */
function RestoreTime({ overview }: { readonly overview: Overview }) {
  const { newestProven, rtoMinutes } = overview;
  const recoveryMs = newestProven?.proof.recoveryMs ?? null;
  const target = targetMinutes(rtoMinutes);
  if (recoveryMs === null) return <>Target {target}; not measured, no backup is proven by a restore</>;
  const isMet = recoveryMs <= rtoMinutes * 60_000;
  return (
    <span data-testid="restore-time" data-status={isMet ? 'met' : 'missed'}>
      {aboutDuration(recoveryMs)}, target {target}: {isMet ? 'met' : 'missed'}
      <span className="hf-help">
        Measured when the newest proven backup was restored: fetching, decoding, restoring and comparing it.
        Swapping it in takes a moment more.
      </span>
    </span>
  );
}

/** RPO and RTO against what is known, and the numbers that follow. */
export function Targets({
  overview,
  isOfOne,
}: {
  readonly overview: Overview;
  /** One source was asked for. */
  readonly isOfOne: boolean;
}) {
  const { summary, source, sources } = overview;
  const of = sources.length > 1 ? ` of ${source.name}` : '';
  const next = sources.length > 1 && !isOfOne ? ' of any source' : of;
  return (
    <Descriptions
      column={{ xs: 1, sm: 1, md: 1, lg: 2 }}
      colon={false}
      layout="vertical"
      className="hf-targets"
      items={[
        {
          key: 'rpo',
          label: `Data that would be lost${of} (RPO)`,
          children: <DataLoss overview={overview} />,
        },
        {
          key: 'rto',
          label: `Time to restore${of} (RTO)`,
          children: <RestoreTime overview={overview} />,
        },
        {
          key: 'next',
          label: `Next scheduled backup${next}`,
          children:
            summary.nextScheduled === null ? (
              'Off: only manual backups are taken'
            ) : (
              <span>
                <Instant at={summary.nextScheduled} as="calendar" />, <Instant at={summary.nextScheduled} />
              </span>
            ),
        },
        {
          key: 'stored',
          label: `Stored${next === ' of any source' ? ' of all sources' : of}`,
          children: `${String(summary.totalBackups)} ${summary.totalBackups === 1 ? 'backup' : 'backups'}, ${humanBytes(summary.totalSize)}`,
        },
      ]}
    />
  );
}
