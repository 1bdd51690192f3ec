import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Incident, IncidentId, TickRequest } from '#lib/contracts/runbook.ts';
import { route } from '#lib/http/route.ts';
import { tickStep } from '#lib/services/runbook.ts';

export const POST = route(
  { can: can.followRunbook, params: z.object({ id: IncidentId }), body: TickRequest, output: Incident },
  ({ backend, actor }, { params, body }) => tickStep(backend, actor, params.id, body),
);
