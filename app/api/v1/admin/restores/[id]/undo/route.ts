import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { RestoreAccepted, RestoreId, UndoRequest } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { undoRestore } from '#lib/services/restores.ts';

export const POST = route(
  {
    can: can.manageBackups,
    params: z.object({ id: RestoreId }),
    body: UndoRequest,
    output: RestoreAccepted,
    status: 202,
  },
  ({ backend, actor }, { params, body }) => undoRestore(backend, actor, params.id, body),
);
