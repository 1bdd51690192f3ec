'use client';
import { DeleteOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { useNow } from '#lib/client/use-now.ts';
import { Tip } from '#components/ui/tip.tsx';
import { whyKept } from './why-kept.ts';

/** Asks to delete; where that is refused it stays focusable and says why on hover and focus. */
export function DeleteButton({
  row,
  newestGoodIds,
  size = 'small',
  onAsk,
}: {
  readonly row: BackupRow;
  readonly newestGoodIds: readonly string[];
  readonly size?: 'small' | 'middle';
  readonly onAsk: (row: BackupRow) => void;
}) {
  const reason = whyKept(row, newestGoodIds, useNow());
  return (
    <Tip title={reason}>
      <Button
        size={size}
        type="text"
        className="hf-quiet-danger"
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
    </Tip>
  );
}
