import { z } from 'zod';
import { BackupId } from './backup.ts';
import { RebuildId } from './rebuild.ts';
import { RestoreId } from './restore.ts';
import { VerificationId } from './verification.ts';

/** Every job names a row; what to do stands in the row, so that a job can be delivered twice without harm. */
export const BackupJob = z.strictObject({ backupId: BackupId });
export type BackupJob = z.infer<typeof BackupJob>;

export const VerifyJob = z.strictObject({ verificationId: VerificationId });
export type VerifyJob = z.infer<typeof VerifyJob>;

export const RestoreJob = z.strictObject({ restoreId: RestoreId });
export type RestoreJob = z.infer<typeof RestoreJob>;

export const PreviewJob = z.strictObject({ previewId: z.uuid() });
export type PreviewJob = z.infer<typeof PreviewJob>;

export const SourceQuestionJob = z.strictObject({ questionId: z.uuid() });
export type SourceQuestionJob = z.infer<typeof SourceQuestionJob>;

export const RebuildJob = z.strictObject({ rebuildId: RebuildId });
export type RebuildJob = z.infer<typeof RebuildJob>;

export const LookJob = z.strictObject({ lookId: z.uuid() });
export type LookJob = z.infer<typeof LookJob>;

export const KeptCopyJob = z.strictObject({ questionId: z.uuid() });
export type KeptCopyJob = z.infer<typeof KeptCopyJob>;
