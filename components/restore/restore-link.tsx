'use client';
import { RollbackOutlined } from '@ant-design/icons';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { newRestoreHref } from '#lib/client/restore-plan.ts';
import { LinkButton } from '#components/ui/link-button.tsx';

/** Leads from a backup to the wizard, where nothing happens before it was previewed and confirmed. */
export function RestoreLink({
  row,
  size = 'small',
}: {
  readonly row: Pick<BackupRow, 'id' | 'filename'>;
  readonly size?: 'small' | 'middle';
}) {
  return (
    <LinkButton
      size={size}
      href={newRestoreHref(row.id)}
      {...(size === 'small' ? {} : { icon: <RollbackOutlined aria-hidden /> })}
      data-testid="restore"
      aria-label={`Restore… ${row.filename}`}
      onClick={(event) => {
        event.stopPropagation();
      }}
    >
      Restore…
    </LinkButton>
  );
}
