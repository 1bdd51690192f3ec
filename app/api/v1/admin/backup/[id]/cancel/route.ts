import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupAccepted, BackupId } from '#lib/contracts/backup.ts';
import { route } from '#lib/http/route.ts';
import { cancelBackup } from '#lib/services/backups.ts';

export const POST = route(
  { can: can.manageBackups, params: z.object({ id: BackupId }), output: BackupAccepted, status: 202 },
  ({ backend, actor }, { params }) => cancelBackup(backend, actor, params.id),
);
