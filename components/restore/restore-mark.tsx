import {
  CheckCircleOutlined,
  CloseCircleOutlined,
  MinusCircleOutlined,
  PauseCircleOutlined,
  RollbackOutlined,
  SwapOutlined,
  SyncOutlined,
} from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { Restore } from '#lib/contracts/restore.ts';
import { restoreLookOf, restoreLookWord, type RestoreLookOf } from '#lib/client/restore-words.ts';

const icons: Record<RestoreLookOf, ReactNode> = {
  running: <SyncOutlined spin aria-hidden />,
  ready: <PauseCircleOutlined aria-hidden />,
  done: <CheckCircleOutlined aria-hidden />,
  swapped: <SwapOutlined aria-hidden />,
  undone: <RollbackOutlined aria-hidden />,
  'put-back': <RollbackOutlined aria-hidden />,
  cancelled: <MinusCircleOutlined aria-hidden />,
  failed: <CloseCircleOutlined aria-hidden />,
};

/** How a restore stands, as sign and word; never by colour alone. */
export function RestoreMark({
  restore,
}: {
  readonly restore: Pick<Restore, 'status' | 'progress' | 'swap' | 'tablesUndo' | 'error'>;
}) {
  const look = restoreLookOf(restore);
  return (
    <span className="hf-restore-mark" data-testid="restore-mark" data-status={look}>
      {icons[look]} {restoreLookWord[look]}
    </span>
  );
}
