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
  const ending = isGood ? 'is complete' : isCancelled ? 'was cancelled' : 'failed';
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
      title={`The backup of ${data.sourceName} ${ending}`}
      description={
        <div className="hf-problem">
          <p className="hf-wrap">
            {isGood
              ? `${data.filename}: ${humanBytes(data.size)} in ${shortDuration(data.durationMs ?? 0)}, stored, read back and found equal.`
              : `${data.filename}: ${data.error?.message ?? 'no reason was recorded'}.`}{' '}
            {!isGood && data.error?.hint != null && `${data.error.hint} `}
            <Button
              type="link"
              size="small"
              className="hf-inline-button"
              onClick={() => {
                onOpen(id);
              }}
            >
              Details
            </Button>
          </p>
        </div>
      }
    />
  );
}
