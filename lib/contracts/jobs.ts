import { z } from 'zod';
import { BackupId } from './backup.ts';

/** Both jobs name a row; what to do stands in the row, so that a job can be delivered twice without harm. */
export const BackupJob = z.strictObject({ backupId: BackupId });
export type BackupJob = z.infer<typeof BackupJob>;
