import { can } from '#lib/auth/can.ts';
import { TableList } from '#lib/contracts/timeline.ts';
import { route } from '#lib/http/route.ts';
import { listTables } from '#lib/services/timeline.ts';

export const GET = route({ can: can.manageBackups, output: TableList }, ({ backend }) => listTables(backend));
