'use client';
import { SafetyCertificateOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import type { BackupRow } from '#lib/contracts/backup.ts';

/** Asks to verify; while a verification runs there is nothing to ask. */
export function VerifyButton({
  row,
  size = 'small',
  onAsk,
}: {
  readonly row: BackupRow;
  readonly size?: 'small' | 'middle';
  readonly onAsk: (row: BackupRow) => void;
}) {
  const isRunning = row.proof.lastStatus === 'IN_PROGRESS';
  const label = size === 'small' ? 'Verify' : 'Verify now';
  return (
    <Button
      size={size}
      icon={<SafetyCertificateOutlined aria-hidden />}
      disabled={isRunning}
      data-testid="verify-now"
      aria-label={`${label}: ${row.filename}${isRunning ? ', which is being verified' : ''}`}
      onClick={(event) => {
        event.stopPropagation();
        onAsk(row);
      }}
    >
      {label}
    </Button>
  );
}
