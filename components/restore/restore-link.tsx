'use client';
import { RollbackOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useRouter } from 'next/navigation';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { newRestoreHref } from '#lib/client/restore-plan.ts';

/** Leads from a backup to the wizard, where nothing happens before it was previewed and confirmed. */
export function RestoreLink({
  row,
  size = 'small',
}: {
  readonly row: Pick<BackupRow, 'id' | 'filename'>;
  readonly size?: 'small' | 'middle';
}) {
  const router = useRouter();
  const href = newRestoreHref(row.id);
  return (
    <Button
      size={size}
      href={href}
      {...(size === 'small' ? {} : { icon: <RollbackOutlined aria-hidden /> })}
      data-testid="restore"
      aria-label={`Restore… ${row.filename}`}
      onClick={(event) => {
        event.stopPropagation();
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        router.push(href);
      }}
    >
      Restore…
    </Button>
  );
}
