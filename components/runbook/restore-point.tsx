'use client';
import { Descriptions } from 'antd';
import type { RunbookResponse } from '#lib/contracts/runbook.ts';
import { aboutDuration, targetMinutes } from '#lib/client/durations.ts';
import { Instant } from '#components/ui/instant.tsx';

function RestoreTime({
  recoveryMs,
  rtoMinutes,
}: {
  readonly recoveryMs: number | null;
  readonly rtoMinutes: number;
}) {
  const target = targetMinutes(rtoMinutes);
  if (recoveryMs === null) return <>Not measured yet; the target for everything is {target}</>;
  return (
    <>
      {aboutDuration(recoveryMs)} for the database, target for everything {target}:{' '}
      {recoveryMs <= rtoMinutes * 60_000 ? 'met' : 'missed'}
    </>
  );
}

/** What every command below restores. */
export function RestorePoint({ data: { backup, rtoMinutes } }: { readonly data: RunbookResponse }) {
  if (backup === null) {
    return (
      <p className="hf-restore-point" data-testid="restore-point" data-status="none">
        <strong>There is no backup to restore.</strong> In the commands below BACKUP_FILE stands for its name.
      </p>
    );
  }
  const { row, isProven } = backup;
  return (
    <div
      className="hf-restore-point"
      data-testid="restore-point"
      data-status={isProven ? 'proven' : 'unproven'}
    >
      <Descriptions
        column={1}
        size="small"
        colon={false}
        items={[
          {
            key: 'file',
            label: isProven ? 'Newest proven backup' : 'Newest backup, not proven',
            children: <code className="hf-wrap">{row.filename}</code>,
          },
          {
            key: 'taken',
            label: 'Taken',
            children: (
              <span>
                <Instant at={row.createdAt} as="calendar" />, <Instant at={row.createdAt} />
              </span>
            ),
          },
          {
            key: 'time',
            label: 'Restoring it took',
            children: <RestoreTime recoveryMs={row.proof.recoveryMs} rtoMinutes={rtoMinutes} />,
          },
        ]}
      />
    </div>
  );
}
