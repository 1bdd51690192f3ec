'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'antd';
import { cancelBackupAction } from '#app/actions/backup.ts';
import type { BackupProgress, BackupRow } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { phaseText } from '#lib/client/backup-words.ts';
import { timeLeft } from '#lib/client/durations.ts';
import { useNow } from '#lib/client/use-now.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Instant } from '#components/ui/instant.tsx';
import { MiddleCut } from '#components/ui/middle-cut.tsx';
import { RunningPanel, WaitingForWorker } from '#components/ui/running-panel.tsx';

function Facts({ row, progress }: { readonly row: BackupRow; readonly progress: BackupProgress }) {
  const { bytes, totalBytes, bytesPerSecond, etaSeconds } = progress;
  return (
    <dl className="hf-running-facts">
      <div>
        <dt>Handled</dt>
        <dd>
          {humanBytes(bytes)}
          {totalBytes !== null && ` of about ${humanBytes(totalBytes)}`}
        </dd>
      </div>
      <div>
        <dt>Rate</dt>
        <dd>{bytesPerSecond === null ? 'not known yet' : `${humanBytes(bytesPerSecond)}/s`}</dd>
      </div>
      <div>
        <dt>Time left</dt>
        <dd>{etaSeconds === null ? 'not known' : `about ${timeLeft(etaSeconds)}`}</dd>
      </div>
      <div>
        <dt>Started</dt>
        <dd>
          <Instant at={row.createdAt} />
        </dd>
      </div>
    </dl>
  );
}

/** A worker reports every second or so; this long without a word means it may be dead. */
const SILENT_MS = 20_000;

function Silence({ since }: { readonly since: string }) {
  const now = useNow();
  if (now === null || now.getTime() - new Date(since).getTime() < SILENT_MS) return null;
  return (
    <Alert
      type="warning"
      showIcon
      title={
        <>
          No sign of life from the worker since <Instant at={since} as="calendar" />
        </>
      }
      description="If the worker is gone, the next one marks this backup as failed and cleans up after it. Earlier backups are not affected."
    />
  );
}

/** One running backup: phase, bytes, percent, rate, time left; `mayCancel` adds the way to stop it. */
export function RunningBackup({
  row,
  mayCancel,
  isSourceShown = false,
}: {
  readonly row: BackupRow;
  readonly mayCancel: boolean;
  /** Whether there are several. */
  readonly isSourceShown?: boolean;
}) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => unwrapAction(cancelBackupAction(row.id)),
    onSettled: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.overview }),
        client.invalidateQueries({ queryKey: queryKeys.backups.all }),
      ]);
    },
  });
  const { progress } = row;
  const phase = progress?.phase ?? 'queued';
  const word = phaseText(phase, row.sourceKind);
  return (
    <RunningPanel
      noun="backup"
      label={`Running backup ${row.filename}`}
      id={row.id}
      name={<MiddleCut text={row.filename} />}
      phase={phase}
      title={isSourceShown ? `${word}: ${row.sourceName}` : word}
      percent={progress?.percent == null ? null : Math.floor(progress.percent)}
      isCancelRequested={progress?.cancelRequested === true}
      cancel={mayCancel ? cancel : null}
    >
      {phase === 'queued' ? (
        <WaitingForWorker />
      ) : (
        progress !== null && <Facts row={row} progress={progress} />
      )}
      {progress?.heartbeatAt != null && <Silence since={progress.heartbeatAt} />}
    </RunningPanel>
  );
}
