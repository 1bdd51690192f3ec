import { can } from '#lib/auth/can.ts';
import { RebuildAccepted, RebuildRequest } from '#lib/contracts/rebuild.ts';
import { route } from '#lib/http/route.ts';
import { requestRebuild } from '#lib/services/rebuilds.ts';

export const POST = route(
  { can: can.manageBackups, body: RebuildRequest, output: RebuildAccepted, status: 202 },
  ({ backend, actor }, { body }) => requestRebuild(backend, actor, body),
);
