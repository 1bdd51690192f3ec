import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Verification, VerificationId } from '#lib/contracts/verification.ts';
import { route } from '#lib/http/route.ts';
import { getVerification } from '#lib/services/verifications.ts';

export const GET = route(
  { can: can.manageBackups, params: z.object({ id: VerificationId }), output: Verification },
  ({ backend }, { params }) => getVerification(backend, params.id),
);
