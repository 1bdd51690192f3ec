import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId } from '#lib/contracts/backup.ts';
import { VerificationAccepted, VerifyRequest } from '#lib/contracts/verification.ts';
import { route } from '#lib/http/route.ts';
import { requestVerification } from '#lib/services/verifications.ts';

export const POST = route(
  {
    can: can.manageBackups,
    params: z.object({ id: BackupId }),
    body: VerifyRequest,
    output: VerificationAccepted,
    status: 202,
  },
  ({ backend, actor }, { params, body }) => requestVerification(backend, actor, params.id, body),
);
