import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Restore, RestoreId } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { getRestore } from '#lib/services/restores.ts';

export const GET = route(
  { can: can.manageBackups, params: z.object({ id: RestoreId }), output: Restore },
  ({ backend }, { params }) => getRestore(backend, params.id),
);
