import type { BackupRow } from '../contracts/backup.ts';

/** No backup may be deleted in its first 24 hours (4-ims.md BR-007). */
export const PROTECTED_HOURS = 24;

export const deletableAt = (createdAt: string): Date =>
  new Date(new Date(createdAt).getTime() + PROTECTED_HOURS * 3_600_000);

/** Whether its objects still exist, so that there is something to download or delete. */
export const hasObjects = (row: Pick<BackupRow, 'status'>): boolean => row.status === 'COMPLETED';
