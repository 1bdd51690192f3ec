import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Rebuild, RebuildId } from '#lib/contracts/rebuild.ts';
import { route } from '#lib/http/route.ts';
import { getRebuild } from '#lib/services/rebuilds.ts';

export const GET = route(
  { can: can.manageBackups, params: z.object({ id: RebuildId }), output: Rebuild },
  ({ backend }, { params }) => getRebuild(backend, params.id),
);
