'use client';
import { DeleteOutlined } from '@ant-design/icons';
import { Button, Tooltip } from 'antd';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { useNow } from '#lib/client/use-now.ts';
import { whyKept } from './why-kept.ts';

/** Asks to delete; where that is refused it stays focusable and says why on hover and focus. */
export function DeleteButton({
  row,
  newestGoodId,
  size = 'small',
  onAsk,
}: {
  readonly row: BackupRow;
  readonly newestGoodId: string | null;
  readonly size?: 'small' | 'middle';
  readonly onAsk: (row: BackupRow) => void;
}) {
  const reason = whyKept(row, newestGoodId, useNow());
  return (
    <Tooltip title={reason} trigger={['hover', 'focus']}>
      <Button
        size={size}
        danger={reason === null}
        icon={<DeleteOutlined aria-hidden />}
        data-testid="delete"
        aria-disabled={reason !== null}
        aria-label={reason === null ? `Delete ${row.filename}` : `Delete ${row.filename}. ${reason}`}
        onClick={(event) => {
          event.stopPropagation();
          if (reason === null) onAsk(row);
        }}
      >
        Delete
      </Button>
    </Tooltip>
  );
}
