'use server';

import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import { IncidentId, StartIncidentRequest, TickRequest, type Incident } from '#lib/contracts/runbook.ts';
import { runAction } from '#lib/http/action.ts';
import { finishIncident, startIncident, tickStep } from '#lib/services/runbook.ts';

export async function startIncidentAction(request: StartIncidentRequest): Promise<ActionResult<Incident>> {
  return runAction({ can: can.followRunbook, input: StartIncidentRequest }, request, startIncident);
}

export async function tickStepAction(id: string, request: TickRequest): Promise<ActionResult<Incident>> {
  return runAction(
    { can: can.followRunbook, input: z.object({ id: IncidentId, request: TickRequest }) },
    { id, request },
    (backend, actor, input) => tickStep(backend, actor, input.id, input.request),
  );
}

export async function finishIncidentAction(id: string): Promise<ActionResult<Incident>> {
  return runAction(
    { can: can.followRunbook, input: z.object({ id: IncidentId }) },
    { id },
    (backend, actor, input) => finishIncident(backend, actor, input.id),
  );
}
