import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { VerificationAccepted, VerificationId } from '#lib/contracts/verification.ts';
import { route } from '#lib/http/route.ts';
import { cancelVerification } from '#lib/services/verifications.ts';

export const POST = route(
  {
    can: can.manageBackups,
    params: z.object({ id: VerificationId }),
    output: VerificationAccepted,
    status: 202,
  },
  ({ backend, actor }, { params }) => cancelVerification(backend, actor, params.id),
);
