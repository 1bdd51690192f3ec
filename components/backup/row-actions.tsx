'use client';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { RestoreLink } from '#components/restore/restore-link.tsx';
import { VerifyButton } from '#components/verification/verify-button.tsx';
import { DeleteButton } from './delete-button.tsx';
import { DownloadButton } from './download-button.tsx';

export interface RowActionHandlers {
  readonly newestGoodIds: readonly string[];
  readonly onProblem: (error: unknown) => void;
  readonly onAskDelete: (row: BackupRow) => void;
  readonly onAskVerify: (row: BackupRow) => void;
}

/** Verify, restore, download and, set apart, delete: as far as this row has something for it. */
export function RowActions({
  row,
  handlers,
  size = 'small',
}: {
  readonly row: BackupRow;
  readonly handlers: RowActionHandlers;
  readonly size?: 'small' | 'middle';
}) {
  const hasArchive = row.status === 'COMPLETED';
  if (!hasArchive && row.status !== 'FAILED') return <span className="hf-muted">–</span>;
  return (
    <div className="hf-row-actions">
      {hasArchive && <VerifyButton row={row} size={size} onAsk={handlers.onAskVerify} />}
      {hasArchive && <RestoreLink row={row} size={size} />}
      {hasArchive && <DownloadButton row={row} size={size} onProblem={handlers.onProblem} />}
      <DeleteButton
        row={row}
        size={size}
        newestGoodIds={handlers.newestGoodIds}
        onAsk={handlers.onAskDelete}
      />
    </div>
  );
}
