'use client';
import { Alert, Button } from 'antd';
import { humanBytes } from '#lib/core/bytes.ts';
import { shortDuration } from '#lib/client/durations.ts';
import { useBackup } from '#lib/client/use-backup.ts';

/** How a backup that was running a moment ago ended: stays until it is closed. */
export function OutcomeAlert({
  id,
  onOpen,
  onClose,
}: {
  readonly id: string;
  readonly onOpen: (id: string) => void;
  readonly onClose: (id: string) => void;
}) {
  const { data } = useBackup(id);
  if (data === undefined || data.status === 'IN_PROGRESS') return null;
  const isGood = data.status === 'COMPLETED';
  const isCancelled = data.error?.code === 'cancelled';
  const title = isGood
    ? 'The backup is complete'
    : isCancelled
      ? 'The backup was cancelled'
      : 'The backup failed';
  return (
    <Alert
      type={isGood ? 'success' : isCancelled ? 'info' : 'error'}
      showIcon
      role="status"
      data-testid="outcome"
      data-status={data.status}
      data-id={id}
      closable={{
        onClose: () => {
          onClose(id);
        },
        'aria-label': 'Close this message',
      }}
      title={title}
      description={
        <div className="hf-problem">
          <p className="hf-wrap">
            {isGood
              ? `${data.filename}: ${humanBytes(data.size)} in ${shortDuration(data.durationMs ?? 0)}, stored, read back and found equal.`
              : `${data.filename}: ${data.error?.message ?? 'no reason was recorded'}.`}
          </p>
          {!isGood && data.error?.hint != null && <p>{data.error.hint}</p>}
          <Button
            size="small"
            onClick={() => {
              onOpen(id);
            }}
          >
            Details
          </Button>
        </div>
      }
    />
  );
}
