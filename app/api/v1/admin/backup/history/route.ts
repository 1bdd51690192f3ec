import { can } from '#lib/auth/can.ts';
import { BackupHistoryQuery, BackupHistoryResponse } from '#lib/contracts/backup.ts';
import { route } from '#lib/http/route.ts';
import { listHistory } from '#lib/services/history.ts';

export const GET = route(
  { can: can.manageBackups, query: BackupHistoryQuery, output: BackupHistoryResponse },
  ({ backend }, { query }) => listHistory(backend, query),
);
