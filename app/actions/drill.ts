'use server';

import { can } from '#lib/auth/can.ts';
import { DrillRequest, type DrillAccepted } from '#lib/contracts/drill.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import { runAction } from '#lib/http/action.ts';
import { requestDrill } from '#lib/services/drills.ts';

export async function startDrillAction(request: DrillRequest): Promise<ActionResult<DrillAccepted>> {
  return runAction({ can: can.manageBackups, input: DrillRequest }, request, requestDrill);
}
