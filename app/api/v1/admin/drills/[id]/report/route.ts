import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { DrillId, DrillReport } from '#lib/contracts/drill.ts';
import { fileResponse } from '#lib/http/file-response.ts';
import { route } from '#lib/http/route.ts';
import { openReport } from '#lib/services/drills.ts';

export const GET = route(
  { can: can.manageBackups, params: z.object({ id: DrillId }), output: DrillReport },
  async ({ backend }, { params }) => fileResponse(await openReport(backend, params.id)),
);
