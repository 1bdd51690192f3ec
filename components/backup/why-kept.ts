import type { BackupRow } from '#lib/contracts/backup.ts';
import { plainInstant, relativeInstant } from '#lib/client/instants.ts';
import { deletableAt } from '#lib/client/protection.ts';

/** Why a backup cannot be deleted now, as a sentence; null when it can. The server decides; this explains ahead. */
export function whyKept(
  row: Pick<BackupRow, 'id' | 'status' | 'createdAt'>,
  /** Of each source. */
  newestGoodIds: readonly string[],
  now: Date | null,
): string | null {
  if (row.status === 'FAILED' || now === null) return null;
  const from = deletableAt(row.createdAt);
  if (now < from) {
    return `Protected in its first 24 hours. It can be deleted from ${plainInstant(from)}, ${relativeInstant(from, now)}.`;
  }
  if (newestGoodIds.includes(row.id)) {
    return 'This is the newest completed backup. Take a new one first; then this one can be deleted.';
  }
  return null;
}
