import { can } from '#lib/auth/can.ts';
import { DrillAccepted, DrillList, DrillQuery, DrillRequest } from '#lib/contracts/drill.ts';
import { route } from '#lib/http/route.ts';
import { listDrills, requestDrill } from '#lib/services/drills.ts';

export const GET = route(
  { can: can.manageBackups, query: DrillQuery, output: DrillList },
  ({ backend }, { query }) => listDrills(backend, query),
);

export const POST = route(
  { can: can.manageBackups, body: DrillRequest, output: DrillAccepted, status: 202 },
  ({ backend, actor }, { body }) => requestDrill(backend, actor, body),
);
