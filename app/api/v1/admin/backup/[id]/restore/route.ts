import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId } from '#lib/contracts/backup.ts';
import { RestoreAccepted, RestoreRequest } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { requestRestore } from '#lib/services/restores.ts';

export const POST = route(
  {
    can: can.manageBackups,
    params: z.object({ id: BackupId }),
    body: RestoreRequest,
    output: RestoreAccepted,
    status: 202,
  },
  ({ backend, actor }, { params, body }) => requestRestore(backend, actor, params.id, body),
);
