'use client';
import { Descriptions } from 'antd';
import type { Overview } from '#lib/contracts/overview.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { coarseDuration, targetMinutes } from '#lib/client/durations.ts';
import { Instant } from '#components/ui/instant.tsx';

function DataLoss({ overview }: { readonly overview: Overview }) {
  const { newestGoodAgeSeconds: age, rpoHours } = overview;
  const target = targetMinutes(rpoHours * 60);
  if (age === null) return <>No restore point yet; the target is {target}</>;
  const isMet = age <= rpoHours * 3_600;
  return (
    <>
      {age < 60 ? 'Under a minute' : coarseDuration(age)}, target {target}: {isMet ? 'met' : 'missed'}
    </>
  );
}

/** RPO and RTO against what is known, and the numbers that follow. */
export function Targets({ overview }: { readonly overview: Overview }) {
  const { summary, rtoMinutes } = overview;
  return (
    <Descriptions
      column={{ xs: 1, sm: 1, md: 1, lg: 2 }}
      colon={false}
      layout="vertical"
      className="hf-targets"
      items={[
        { key: 'rpo', label: 'Data that would be lost (RPO)', children: <DataLoss overview={overview} /> },
        {
          key: 'rto',
          label: 'Time to restore (RTO)',
          children: `Target ${targetMinutes(rtoMinutes)}; not measured yet, no restore was rehearsed here`,
        },
        {
          key: 'next',
          label: 'Next scheduled backup',
          children:
            summary.nextScheduled === null ? (
              'Off: BACKUP_ENABLED is false'
            ) : (
              <span>
                <Instant at={summary.nextScheduled} as="calendar" />, <Instant at={summary.nextScheduled} />
              </span>
            ),
        },
        {
          key: 'stored',
          label: 'Stored',
          children: `${String(summary.totalBackups)} ${summary.totalBackups === 1 ? 'backup' : 'backups'}, ${humanBytes(summary.totalSize)}`,
        },
      ]}
    />
  );
}
