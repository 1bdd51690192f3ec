import { can } from '#lib/auth/can.ts';
import { RestoreList } from '#lib/contracts/restore.ts';
import { route } from '#lib/http/route.ts';
import { listRestores } from '#lib/services/restores.ts';

export const GET = route({ can: can.manageBackups, output: RestoreList }, ({ backend }) =>
  listRestores(backend),
);
