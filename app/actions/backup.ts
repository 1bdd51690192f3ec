'use server';

import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import {
  BackupId,
  TriggerBackupRequest,
  type BackupAccepted,
  type TriggerBackupResponse,
} from '#lib/contracts/backup.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import { RebuildRequest, type RebuildAccepted } from '#lib/contracts/rebuild.ts';
import { runAction } from '#lib/http/action.ts';
import { cancelBackup, deleteBackup } from '#lib/services/backups.ts';
import { requestRebuild } from '#lib/services/rebuilds.ts';
import { triggerBackup } from '#lib/services/trigger-backup.ts';

export async function triggerBackupAction(
  input: TriggerBackupRequest,
): Promise<ActionResult<TriggerBackupResponse>> {
  return runAction({ can: can.manageBackups, input: TriggerBackupRequest }, input, triggerBackup);
}

export async function requestRebuildAction(input: RebuildRequest): Promise<ActionResult<RebuildAccepted>> {
  return runAction({ can: can.manageBackups, input: RebuildRequest }, input, requestRebuild);
}

export async function cancelBackupAction(id: string): Promise<ActionResult<BackupAccepted>> {
  return runAction(
    { can: can.manageBackups, input: z.object({ id: BackupId }) },
    { id },
    (backend, actor, input) => cancelBackup(backend, actor, input.id),
  );
}

/** `typedName` must be the file name of the backup, as the person typed it. */
export async function deleteBackupAction(
  id: string,
  typedName: string,
): Promise<ActionResult<BackupAccepted>> {
  return runAction(
    { can: can.manageBackups, input: z.object({ id: BackupId, typedName: z.string().max(500) }) },
    { id, typedName },
    (backend, actor, input) => deleteBackup(backend, actor, input.id, input.typedName),
  );
}
