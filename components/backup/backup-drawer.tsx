'use client';
import { Drawer, Skeleton } from 'antd';
import { ProblemError } from '#lib/client/problem-error.ts';
import type { RunError } from '#lib/contracts/backup.ts';
import { useBackup } from '#lib/client/use-backup.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { BackupFacts } from './backup-facts.tsx';
import { RowActions, type RowActionHandlers } from './row-actions.tsx';
import { RunningPanel } from './running-panel.tsx';
import { StatusTag } from './status-tag.tsx';

/** A run's recorded failure, in the shape the page shows failures in. */
const failureOf = ({ code, message, hint }: RunError): ProblemError =>
  new ProblemError({
    type: 'about:blank',
    title: message,
    status: 0,
    detail: message,
    code,
    requestId: '',
    ...(hint === null ? {} : { hint }),
  });

/** Everything the catalogue knows of one backup. Open while `id` is set; Esc closes it. */
export function BackupDrawer({
  id,
  handlers,
  problem,
  onClose,
}: {
  readonly id: string | null;
  readonly handlers: RowActionHandlers;
  /** What the last action of this drawer was refused for. */
  readonly problem: unknown;
  readonly onClose: () => void;
}) {
  const { data, isError, error, isFetching, refetch } = useBackup(id);
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      title="Backup details"
      size={640}
      rootClassName="hf-drawer"
      data-testid="backup-drawer"
    >
      {isError && data === undefined && (
        <ProblemAlert
          error={error}
          title="The details could not be loaded"
          isRetrying={isFetching}
          onRetry={() => {
            void refetch();
          }}
        />
      )}
      {!isError && data === undefined && <Skeleton active title={false} paragraph={{ rows: 8 }} />}
      {data !== undefined && (
        <div className="hf-stack" data-testid="backup-detail" data-status={data.status} data-id={data.id}>
          <div className="hf-drawer-head">
            <h2 className="hf-wrap">{data.filename}</h2>
            <StatusTag status={data.status} />
          </div>
          {data.error !== null && (
            <ProblemAlert
              title={data.error.code === 'cancelled' ? 'This backup was cancelled' : 'This backup failed'}
              error={failureOf(data.error)}
            />
          )}
          {data.status === 'IN_PROGRESS' && <RunningPanel row={data} mayCancel />}
          {(data.status === 'COMPLETED' || data.status === 'FAILED') && (
            <RowActions row={data} handlers={handlers} size="middle" />
          )}
          {problem !== null && <ProblemAlert error={problem} />}
          <BackupFacts backup={data} />
        </div>
      )}
    </Drawer>
  );
}
