'use server';

import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId } from '#lib/contracts/backup.ts';
import { DropKeptCopy, type DroppedCopy } from '#lib/contracts/kept-copy.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import {
  ExchangeRequest,
  RestoreId,
  RestorePlan,
  RestoreRequest,
  type RestoreAccepted,
  type RestorePreview,
  UndoRequest,
} from '#lib/contracts/restore.ts';
import { runAction } from '#lib/http/action.ts';
import { dropKeptCopy } from '#lib/services/kept-copies.ts';
import {
  cancelRestore,
  previewRestore,
  requestRestore,
  swapRestore,
  undoRestore,
} from '#lib/services/restores.ts';

export async function previewRestoreAction(
  backupId: string,
  plan: RestorePlan,
): Promise<ActionResult<RestorePreview>> {
  return runAction(
    { can: can.manageBackups, input: z.object({ backupId: BackupId, plan: RestorePlan }) },
    { backupId, plan },
    (backend, actor, input) => previewRestore(backend, actor, input.backupId, input.plan),
  );
}

export async function startRestoreAction(
  backupId: string,
  request: RestoreRequest,
): Promise<ActionResult<RestoreAccepted>> {
  return runAction(
    { can: can.manageBackups, input: z.object({ backupId: BackupId, request: RestoreRequest }) },
    { backupId, request },
    (backend, actor, input) => requestRestore(backend, actor, input.backupId, input.request),
  );
}

export async function cancelRestoreAction(id: string): Promise<ActionResult<RestoreAccepted>> {
  return runAction(
    { can: can.manageBackups, input: z.object({ id: RestoreId }) },
    { id },
    (backend, actor, input) => cancelRestore(backend, actor, input.id),
  );
}

const exchange = z.object({ id: RestoreId, request: ExchangeRequest });

export async function swapRestoreAction(
  id: string,
  request: ExchangeRequest,
): Promise<ActionResult<RestoreAccepted>> {
  return runAction({ can: can.manageBackups, input: exchange }, { id, request }, (backend, actor, input) =>
    swapRestore(backend, actor, input.id, input.request),
  );
}

const undo = z.object({ id: RestoreId, request: UndoRequest });

export async function undoRestoreAction(
  id: string,
  request: Partial<UndoRequest> & ExchangeRequest,
): Promise<ActionResult<RestoreAccepted>> {
  return runAction({ can: can.manageBackups, input: undo }, { id, request }, (backend, actor, input) =>
    undoRestore(backend, actor, input.id, input.request),
  );
}

export async function dropKeptCopyAction(request: DropKeptCopy): Promise<ActionResult<DroppedCopy>> {
  return runAction({ can: can.manageBackups, input: DropKeptCopy }, request, (backend, actor, input) =>
    dropKeptCopy(backend, actor, input),
  );
}
