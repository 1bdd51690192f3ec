import { can } from '#lib/auth/can.ts';
import { LogState } from '#lib/contracts/log.ts';
import { route } from '#lib/http/route.ts';
import { readLogState } from '#lib/services/log.ts';

export const GET = route({ can: can.manageBackups, output: LogState }, ({ backend }) =>
  readLogState(backend),
);
