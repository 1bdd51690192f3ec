import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Drill, DrillId } from '#lib/contracts/drill.ts';
import { route } from '#lib/http/route.ts';
import { getDrill } from '#lib/services/drills.ts';

export const GET = route(
  { can: can.manageBackups, params: z.object({ id: DrillId }), output: Drill },
  ({ backend }, { params }) => getDrill(backend, params.id),
);
