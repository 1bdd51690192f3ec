import { can } from '#lib/auth/can.ts';
import { AuditList, AuditQuery } from '#lib/contracts/audit.ts';
import { route } from '#lib/http/route.ts';
import { listAudit } from '#lib/services/audit.ts';

export const GET = route(
  { can: can.readAudit, query: AuditQuery, output: AuditList },
  ({ backend }, { query }) => listAudit(backend, query),
);
