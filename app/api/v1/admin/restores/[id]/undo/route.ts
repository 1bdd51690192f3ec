import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { ExchangeRequest, RestoreAccepted, RestoreId } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { undoRestore } from '#lib/services/restores.ts';

export const POST = route(
  {
    can: can.manageBackups,
    params: z.object({ id: RestoreId }),
    body: ExchangeRequest,
    output: RestoreAccepted,
    status: 202,
  },
  ({ backend, actor }, { params, body }) => undoRestore(backend, actor, params.id, body),
);
