import { can } from '#lib/auth/can.ts';
import { TableList, TablesQuery } from '#lib/contracts/timeline.ts';
import { route } from '#lib/http/route.ts';
import { listTables } from '#lib/services/timeline.ts';

export const GET = route(
  { can: can.manageBackups, query: TablesQuery, output: TableList },
  ({ backend }, { query }) => listTables(backend, query),
);
