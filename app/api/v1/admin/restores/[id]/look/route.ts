import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { RestoreId, RestoreLook, RestoreLookQuery } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { lookAtRestore } from '#lib/services/restore-questions.ts';

export const GET = route(
  {
    can: can.manageBackups,
    params: z.object({ id: RestoreId }),
    query: RestoreLookQuery,
    output: RestoreLook,
  },
  ({ backend, actor }, { params, query }) => lookAtRestore(backend, actor, params.id, query),
);
