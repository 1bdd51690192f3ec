import { can } from '#lib/auth/can.ts';
import { RunbookResponse } from '#lib/contracts/runbook.ts';
import { route } from '#lib/http/route.ts';
import { readRunbook } from '#lib/services/runbook.ts';

export const GET = route({ can: can.followRunbook, output: RunbookResponse }, ({ backend }) =>
  readRunbook(backend),
);
