'use server';

import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId } from '#lib/contracts/backup.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import { VerificationId, VerifyRequest, type VerificationAccepted } from '#lib/contracts/verification.ts';
import { runAction } from '#lib/http/action.ts';
import { cancelVerification, requestVerification } from '#lib/services/verifications.ts';

export async function verifyBackupAction(
  backupId: string,
  request: VerifyRequest,
): Promise<ActionResult<VerificationAccepted>> {
  return runAction(
    { can: can.manageBackups, input: z.object({ backupId: BackupId, request: VerifyRequest }) },
    { backupId, request },
    (backend, actor, input) => requestVerification(backend, actor, input.backupId, input.request),
  );
}

export async function cancelVerificationAction(id: string): Promise<ActionResult<VerificationAccepted>> {
  return runAction(
    { can: can.manageBackups, input: z.object({ id: VerificationId }) },
    { id },
    (backend, actor, input) => cancelVerification(backend, actor, input.id),
  );
}
