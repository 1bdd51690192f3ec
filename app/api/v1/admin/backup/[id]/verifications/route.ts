import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId } from '#lib/contracts/backup.ts';
import { VerificationList } from '#lib/contracts/verification.ts';
import { route } from '#lib/http/route.ts';
import { listVerifications } from '#lib/services/verifications.ts';

export const GET = route(
  { can: can.manageBackups, params: z.object({ id: BackupId }), output: VerificationList },
  ({ backend }, { params }) => listVerifications(backend, params.id),
);
