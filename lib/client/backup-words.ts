import type { BackupStatus, Tier } from '../contracts/backup.ts';
import type { Phase } from '../core/run-context.ts';

export const statusWord: Record<BackupStatus, string> = {
  IN_PROGRESS: 'In progress',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  EXPIRED: 'Being deleted',
  DELETED: 'Deleted',
};

export const tierWord: Record<Tier, string> = {
  MANUAL: 'Manual',
  HOURLY: 'Hourly',
  DAILY: 'Daily',
  WEEKLY: 'Weekly',
  MONTHLY: 'Monthly',
  YEARLY: 'Yearly',
};

export const phaseWord: Record<Phase, string> = {
  queued: 'Waiting for a worker',
  preparing: 'Preparing',
  dumping: 'Reading the database',
  uploading: 'Storing the archive',
  'reading-back': 'Reading back and checking',
  finishing: 'Finishing',
};

/** A host or bucket word for where a copy lies. */
export const destinationWord: Record<'local' | 's3', string> = { local: 'Local disk', s3: 'S3' };
