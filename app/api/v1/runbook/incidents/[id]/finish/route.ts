import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Incident, IncidentId } from '#lib/contracts/runbook.ts';
import { route } from '#lib/http/route.ts';
import { finishIncident } from '#lib/services/runbook.ts';

export const POST = route(
  { can: can.followRunbook, params: z.object({ id: IncidentId }), output: Incident },
  ({ backend, actor }, { params }) => finishIncident(backend, actor, params.id),
);
