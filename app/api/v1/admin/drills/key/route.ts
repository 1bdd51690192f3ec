import { can } from '#lib/auth/can.ts';
import { DrillKey } from '#lib/contracts/drill.ts';
import { fileResponse } from '#lib/http/file-response.ts';
import { route } from '#lib/http/route.ts';
import { openReportKey } from '#lib/services/drills.ts';

export const GET = route(
  { can: can.manageBackups, output: DrillKey, contentType: 'application/x-pem-file' },
  async ({ backend }) => fileResponse(await openReportKey(backend)),
);
