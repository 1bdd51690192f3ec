import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  CloseCircleOutlined,
  DeleteOutlined,
  SyncOutlined,
} from '@ant-design/icons';
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import type { BackupStatus } from '#lib/contracts/backup.ts';
import { statusWord } from '#lib/client/backup-words.ts';

const looks: Record<BackupStatus, { color?: string; icon: ReactNode }> = {
  IN_PROGRESS: { color: 'processing', icon: <SyncOutlined spin aria-hidden /> },
  COMPLETED: { color: 'success', icon: <CheckCircleOutlined aria-hidden /> },
  FAILED: { color: 'error', icon: <CloseCircleOutlined aria-hidden /> },
  EXPIRED: { icon: <ClockCircleOutlined aria-hidden /> },
  DELETED: { icon: <DeleteOutlined aria-hidden /> },
};

export function StatusTag({ status }: { readonly status: BackupStatus }) {
  const { color, icon } = looks[status];
  return (
    <Tag
      variant={color === undefined ? 'outlined' : 'filled'}
      icon={icon}
      data-status={status}
      {...(color === undefined ? {} : { color })}
    >
      {statusWord[status]}
    </Tag>
  );
}
