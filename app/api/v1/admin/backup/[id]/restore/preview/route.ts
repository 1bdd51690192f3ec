import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId } from '#lib/contracts/backup.ts';
import { RestorePlan, RestorePreview } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { previewRestore } from '#lib/services/restores.ts';

export const POST = route(
  {
    can: can.manageBackups,
    params: z.object({ id: BackupId }),
    body: RestorePlan,
    output: RestorePreview,
  },
  ({ backend, actor }, { params, body }) => previewRestore(backend, actor, params.id, body),
);
