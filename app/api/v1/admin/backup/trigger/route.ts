import { can } from '#lib/auth/can.ts';
import { TriggerBackupRequest, TriggerBackupResponse } from '#lib/contracts/backup.ts';
import { route } from '#lib/http/route.ts';
import { triggerBackup } from '#lib/services/trigger-backup.ts';

export const POST = route(
  { can: can.manageBackups, body: TriggerBackupRequest, output: TriggerBackupResponse, status: 202 },
  ({ backend, actor }, { body }) => triggerBackup(backend, actor, body),
);
