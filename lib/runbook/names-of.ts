import type { RunbookResponse } from '../contracts/runbook.ts';
import type { RunbookNames } from './runbook-names.ts';

/** The names of this installation, as the API tells them. */
export function namesOf({
  source,
  localPath,
  s3,
  rpoHours,
  rtoMinutes,
  settings,
  backup,
}: RunbookResponse): RunbookNames {
  return {
    ...source,
    localPath,
    s3,
    rpoHours,
    rtoMinutes,
    commands: settings.commands,
    backup:
      backup === null
        ? null
        : {
            filename: backup.row.filename,
            takenAt: backup.row.createdAt,
            recoveryMs: backup.row.proof.recoveryMs,
            isProven: backup.isProven,
            isEncrypted: backup.row.isEncrypted,
            localKey: backup.localKey,
            s3Key: backup.s3Key,
          },
  };
}
