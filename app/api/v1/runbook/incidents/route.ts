import { can } from '#lib/auth/can.ts';
import { Incident, StartIncidentRequest } from '#lib/contracts/runbook.ts';
import { route } from '#lib/http/route.ts';
import { startIncident } from '#lib/services/runbook.ts';

export const POST = route(
  { can: can.followRunbook, body: StartIncidentRequest, output: Incident, status: 201 },
  ({ backend, actor }, { body }) => startIncident(backend, actor, body),
);
