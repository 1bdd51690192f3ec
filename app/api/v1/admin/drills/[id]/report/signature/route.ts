import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { DrillId, DrillSignature } from '#lib/contracts/drill.ts';
import { fileResponse } from '#lib/http/file-response.ts';
import { route } from '#lib/http/route.ts';
import { openSignature } from '#lib/services/drills.ts';

export const GET = route(
  {
    can: can.manageBackups,
    params: z.object({ id: DrillId }),
    output: DrillSignature,
    contentType: 'application/octet-stream',
  },
  async ({ backend }, { params }) => fileResponse(await openSignature(backend, params.id)),
);
