'use client';
import type { BackupDetail } from '#lib/contracts/backup.ts';
import { destinationInText } from '#lib/client/backup-words.ts';
import { DownloadButton } from './download-button.tsx';

/** Of a backup that failed because a further copy did: the one that is good, and may be the newest there is. */
export function KeptCopy({
  backup,
  onProblem,
}: {
  readonly backup: BackupDetail;
  readonly onProblem: (error: unknown) => void;
}) {
  const kept = backup.copies.find(({ status }) => status === 'STORED');
  if (kept === undefined) return null;
  return (
    <div className="hf-stack" data-testid="kept-copy">
      <p>
        Only a further copy failed. The one on {destinationInText[kept.destination]} was read back and is
        good; it stays until a person deletes this backup.
      </p>
      <div>
        <DownloadButton row={backup} size="middle" onProblem={onProblem} />
      </div>
    </div>
  );
}
