import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupAccepted, BackupDetail, BackupId } from '#lib/contracts/backup.ts';
import { route } from '#lib/http/route.ts';
import { deleteBackup, getBackup } from '#lib/services/backups.ts';

const params = z.object({ id: BackupId });

export const GET = route({ can: can.manageBackups, params, output: BackupDetail }, ({ backend }, input) =>
  getBackup(backend, input.params.id),
);

export const DELETE = route(
  { can: can.manageBackups, params, output: BackupAccepted, status: 202 },
  ({ backend, actor }, input) => deleteBackup(backend, actor, input.params.id),
);
