import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { RestoreAccepted, RestoreId } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { cancelRestore } from '#lib/services/restores.ts';

export const POST = route(
  { can: can.manageBackups, params: z.object({ id: RestoreId }), output: RestoreAccepted, status: 202 },
  ({ backend, actor }, { params }) => cancelRestore(backend, actor, params.id),
);
