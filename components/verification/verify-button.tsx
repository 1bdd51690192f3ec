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
  return (
    <Button
      size={size}
      icon={<SafetyCertificateOutlined aria-hidden />}
      disabled={isRunning}
      data-testid="verify-now"
      aria-label={isRunning ? `${row.filename} is being verified` : `Verify ${row.filename} now`}
      onClick={(event) => {
        event.stopPropagation();
        onAsk(row);
      }}
    >
      {size === 'small' ? 'Verify' : 'Verify now'}
    </Button>
  );
}
