import type { Actor } from '../core/actor.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import { sideSchemas, undoneSchema } from '../core/side-schema.ts';
import type { Destination } from '../contracts/backup.ts';
import {
  CHANGED_CHECK,
  SAFETY_BACKUP_CHECK,
  type EnvironmentKind,
  type ExchangeRequest,
  type Restore,
  type RestoreAccepted,
  type RestoreList,
  type RestorePlan,
  type RestorePreview,
  type RestoreRequest,
  type UndoRequest,
} from '../contracts/restore.ts';
import { restoreJob } from '../jobs/queue.ts';
import { configForSource } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { findBackup, findCopies, lockBackup, type BackupRecord } from '#db/queries/backup.ts';
import {
  findRestore,
  findRestores,
  insertRestore,
  lockRestore,
  requestRestoreCancel,
  requestSwap,
  requestUndo,
  unfinishedRestoreOf,
  type RestoreRecord,
  type ShownRestore,
} from '#db/queries/restore.ts';
import { canSwap, canUndo, isWaitingForPerson, replacesTables } from '#db/queries/restore-outcome.ts';
import { findSource } from '#db/queries/source.ts';
import { toRunError } from './backup-row.ts';
import { noSuchBackup } from './backups.ts';
import { needPlanOfKind } from './restore-plan-kind.ts';
import { askPreview } from './restore-questions.ts';
import { sourcesOnServerOf } from './sources.ts';

const LISTED = 200;

const noSuchRestore = (): AppError =>
  new AppError('not_found', 'there is no restore with this id', {
    hint: 'Open the list of restores to see them all.',
  });

function toShown(record: ShownRestore): Omit<Restore, 'checks' | 'log'> {
  return {
    id: record.id,
    backupId: record.backupId,
    sourceId: record.sourceId,
    backupFilename: record.backupFilename,
    sourceKind: record.sourceKind,
    mode: record.mode,
    targetDatabase: record.targetDatabase,
    environment: record.environment,
    status: record.status,
    plan: record.plan,
    reason: record.reason,
    requestedBy: record.requestedBy,
    createdAt: record.createdAt.toISOString(),
    finishedAt: record.finishedAt?.toISOString() ?? null,
    durationMs: record.durationMs,
    restoreMs: record.restoreMs,
    copyDatabase: record.copyDatabase,
    progress:
      record.status === 'IN_PROGRESS'
        ? {
            phase: record.phase,
            table: record.progressTable,
            tablesDone: record.tablesDone,
            tableCount: record.tableCount,
            percent: record.progressPercent,
            etaSeconds: record.etaSeconds,
            cancelRequested: record.cancelRequestedAt !== null,
          }
        : null,
    proven: record.proven,
    canSwap: canSwap(record),
    swap:
      record.keptDatabase === null || record.swappedAt === null
        ? null
        : {
            keptDatabase: record.keptDatabase,
            swappedAt: record.swappedAt.toISOString(),
            interruptionMs: record.interruptionMs,
            undoneAt: record.undoneAt?.toISOString() ?? null,
            canUndo: canUndo(record),
          },
    safetyBackup: safetyBackupOf(record),
    sideSchema: sideSchemaOf(record),
    tablesUndo:
      replacesTables(record) && record.status === 'COMPLETED'
        ? {
            canUndo: canUndo(record),
            undoneAt: record.undoneAt?.toISOString() ?? null,
            changed: changedOf(record),
          }
        : null,
    error: toRunError(record),
  };
}

function sideSchemaOf({
  mode,
  status,
  plan,
  createdAt,
  undoneAt,
  undoRequestedAt,
}: RestoreRecord): string | null {
  if (mode !== 'tables' || status !== 'COMPLETED' || plan.tablesInto === undefined) return null;
  return undoneAt !== null && undoRequestedAt !== null
    ? undoneSchema(undoRequestedAt)
    : sideSchemas(plan.tablesInto, createdAt).keep;
}

const changedOf = ({ checks, errorCode }: RestoreRecord): NonNullable<Restore['tablesUndo']>['changed'] =>
  errorCode !== 'target_changed'
    ? []
    : checks
        .filter(({ name }) => name.startsWith(CHANGED_CHECK))
        .map(({ name, expected, found }) => ({
          table: name.slice(CHANGED_CHECK.length),
          left: expected ?? '',
          now: found ?? '',
        }));

function safetyBackupOf({ checks }: Pick<RestoreRecord, 'checks'>): Restore['safetyBackup'] {
  const check = checks.find(({ name }) => name.startsWith(SAFETY_BACKUP_CHECK));
  return check === undefined
    ? null
    : { id: check.name.slice(SAFETY_BACKUP_CHECK.length), filename: check.found ?? '' };
}

/** The one of its stored copies that is read. Throws `conflict` for a backup that cannot be restored. */
async function restorable(
  tx: Tx | Backend['db'],
  backup: BackupRecord | null,
  wanted: Destination | undefined,
): Promise<Destination> {
  if (backup === null) throw noSuchBackup();
  if (backup.status !== 'COMPLETED') {
    throw new AppError('conflict', 'only a completed backup can be restored', {
      hint: 'Choose another one in the history.',
      fields: { status: backup.status },
    });
  }
  const stored = (await findCopies(tx, backup.id)).filter(({ status }) => status === 'STORED');
  const destination = (wanted === undefined ? backup.destinations : [wanted]).find((one) =>
    stored.some((copy) => copy.destination === one),
  );
  if (destination === undefined) {
    throw new AppError(
      'conflict',
      wanted === undefined ? 'this backup has no stored copy' : `this backup has no stored copy at ${wanted}`,
      { hint: 'Look at the copies of this backup and choose one that is stored.' },
    );
  }
  return destination;
}

const lockedError = (targetDatabase: string, restoreId: string | null): AppError =>
  new AppError('locked', `a restore to ${targetDatabase} is waiting or running already`, {
    hint: 'Wait until it has ended, or cancel it, then try again.',
    fields: { restoreId },
  });

const needConfirm = (confirm: string, targetDatabase: string): void => {
  if (confirm === targetDatabase) return;
  throw new AppError('invalid', 'confirm: is not the name of the target', {
    hint: `Type ${targetDatabase} to confirm.`,
    fields: { field: 'confirm' },
  });
};

function needReason(environment: EnvironmentKind, reason: string, hint: string): void {
  if (environment !== 'production' || reason !== '') return;
  throw new AppError('invalid', 'reason: is needed where the target is marked production', {
    hint,
    fields: { field: 'reason' },
  });
}

/** What a BLOCKED finding is as an error. */
function refusalOf(plan: RestorePlan, { findings }: RestorePreview): AppError {
  const blocked = findings.find(({ state }) => state === 'BLOCKED');
  const codes: Readonly<Record<string, ErrorCode>> = {
    key: 'wrong_key',
    guard: 'protected',
    hooks: 'invalid',
    ...(plan.mode === 'new' ? { target: 'target_not_empty' } : {}),
  };
  return new AppError(
    codes[blocked?.name ?? ''] ?? 'conflict',
    blocked?.detail ?? 'this restore cannot be done',
    { hint: blocked?.hint ?? undefined, fields: { finding: blocked?.name ?? null } },
  );
}

/**
 * What this restore would do, answered by a worker. Throws `invalid` for a plan that this kind of backup cannot be restored by, and
 * `worker_absent` where none answers in time.
 */
export async function previewRestore(
  backend: Backend,
  actor: Actor,
  backupId: string,
  plan: RestorePlan,
): Promise<RestorePreview> {
  const backup = await findBackup(backend.db, backupId);
  if (backup === null) throw noSuchBackup();
  needPlanOfKind(plan, backup.sourceKind);
  const destination = await restorable(backend.db, backup, plan.destination);
  return askPreview(backend, { backupId, plan: { ...plan, destination }, requestedBy: actor.name });
}

/**
 * Asks for a restore, after a preview that finds nothing in its way: row, audit entry and job in one transaction. Throws `invalid`
 * where the target's name is not typed, the reason is missing that production needs, or the plan is not one for this kind of backup; `locked` while another restore has this
 * target, and what the preview found (`target_not_empty`, `wrong_key`, `protected`, `conflict`).
 */
export async function requestRestore(
  backend: Backend,
  actor: Actor,
  backupId: string,
  { confirm, reason = '', ...asked }: RestoreRequest,
): Promise<RestoreAccepted> {
  const { mode, targetDatabase } = asked;
  needConfirm(confirm, targetDatabase);
  const backup = await findBackup(backend.db, backupId);
  if (backup === null) throw noSuchBackup();
  const { sourceId } = backup;
  needPlanOfKind(asked, backup.sourceKind);
  const { environment } = configForSource(backend.config, await findSource(backend.db, sourceId));
  needReason(environment, reason, 'Say in a few words why this is restored; it is kept with the restore.');
  const plan = { ...asked, destination: await restorable(backend.db, backup, asked.destination) };
  const neighbours = await sourcesOnServerOf(backend, backend.db, sourceId);
  const other = await unfinishedRestoreOf(backend.db, neighbours, targetDatabase);
  if (other !== null) throw lockedError(targetDatabase, other);
  const preview = await askPreview(backend, { backupId, plan, requestedBy: actor.name });
  if (!preview.canStart) throw refusalOf(plan, preview);

  const queue = await backend.queue();
  const id = await backend.db.transaction(async (tx) => {
    const locked = await lockBackup(tx, backupId);
    const destination = await restorable(tx, locked, plan.destination);
    const restoreId = await insertRestore(tx, {
      backupId,
      sourceId,
      destination,
      mode,
      targetDatabase,
      environment,
      plan,
      reason: reason === '' ? null : reason,
      requestedBy: actor.name,
    });
    if (restoreId === null) throw lockedError(targetDatabase, null);
    await addAuditEntry(tx, actor, 'restore.start', restoreId, {
      filename: locked?.filename ?? null,
      backupId,
      sourceId,
      mode,
      targetDatabase,
      environment,
      destination,
      reason: reason === '' ? null : reason,
    });
    await queue.enqueue(tx, restoreJob, { restoreId });
    return restoreId;
  });
  return { id, status: 'IN_PROGRESS', message: 'Restore started' };
}

/**
 * Asks the worker to stop, or gives a copy up that waits to be swapped in; the row becomes FAILED with `cancelled` once what was made
 * is removed. Safe to repeat. Throws `conflict` where nothing runs.
 */
export async function cancelRestore(backend: Backend, actor: Actor, id: string): Promise<RestoreAccepted> {
  const queue = await backend.queue();
  await backend.db.transaction(async (tx) => {
    const record = await lockRestore(tx, id);
    if (record === null) throw noSuchRestore();
    if (record.status !== 'IN_PROGRESS') {
      throw new AppError('conflict', 'this restore is not running', {
        hint: 'It has ended; its report says how.',
        fields: { status: record.status },
      });
    }
    if (record.cancelRequestedAt !== null) return;
    await requestRestoreCancel(tx, id, actor.name);
    await addAuditEntry(tx, actor, 'restore.cancel', id, {
      sourceId: record.sourceId,
      targetDatabase: record.targetDatabase,
    });
    // A waiting copy is given up by a worker, which can drop it.
    if (isWaitingForPerson(record)) await queue.enqueue(tx, restoreJob, { restoreId: id });
  });
  return { id, status: 'IN_PROGRESS', message: 'Restore is being cancelled' };
}

/** Asks for an exchange: of a copy that waits, or back. */
const requestExchange =
  <Request extends ExchangeRequest>(exchange: {
    readonly action: string;
    readonly answer: string;
    may(record: RestoreRecord): boolean;
    refusal(): AppError;
    /** Returns what the audit log is told besides. */
    request(tx: Tx, record: RestoreRecord, by: string, request: Request): Promise<Record<string, unknown>>;
  }) =>
  async (backend: Backend, actor: Actor, id: string, request: Request): Promise<RestoreAccepted> => {
    const queue = await backend.queue();
    await backend.db.transaction(async (tx) => {
      const record = await lockRestore(tx, id);
      if (record === null) throw noSuchRestore();
      needConfirm(request.confirm, record.targetDatabase);
      if (!exchange.may(record)) throw exchange.refusal();
      const neighbours = await sourcesOnServerOf(backend, tx, record.sourceId);
      const other = await unfinishedRestoreOf(tx, neighbours, record.targetDatabase);
      if (other !== null && other !== id) throw lockedError(record.targetDatabase, other);
      const details = await exchange.request(tx, record, actor.name, request);
      await addAuditEntry(tx, actor, exchange.action, id, {
        ...details,
        sourceId: record.sourceId,
        targetDatabase: record.targetDatabase,
        copyDatabase: record.copyDatabase,
        keptDatabase: record.keptDatabase,
      });
      await queue.enqueue(tx, restoreJob, { restoreId: id });
    });
    return { id, status: 'IN_PROGRESS', message: exchange.answer };
  };

/** Has the copy that waits swapped in, or swapped in again after an undo. Throws `conflict` where no copy waits. */
export const swapRestore = requestExchange({
  action: 'restore.request-swap',
  answer: 'Swap started',
  may: canSwap,
  refusal: () =>
    new AppError('conflict', 'no copy of this restore waits to be swapped in', {
      hint: 'Look at the restore: it says what it is doing, or how it ended.',
    }),
  request: async (tx, { id }, by) => {
    await requestSwap(tx, id, by);
    return {};
  },
});

/**
 * Has the database that was live before the swap put back, or the rows that were replaced. Throws `conflict` where there is nothing to
 * undo. Of tables: throws `invalid` without the reason that production needs, and whether rows were written since only the worker finds.
 */
export const undoRestore = requestExchange<UndoRequest>({
  action: 'restore.request-undo',
  answer: 'Undo started',
  may: canUndo,
  refusal: () =>
    new AppError('conflict', 'there is nothing of this restore that could be undone', {
      hint: 'Only a completed swap or replacement of tables can be undone, once, while what was live before is kept.',
    }),
  request: async (tx, record, by, { reason = '', acceptsChanges }) => {
    if (record.mode === 'tables')
      needReason(
        record.environment,
        reason,
        'Say in a few words why this is undone; it is kept with the restore.',
      );
    await requestUndo(tx, record.id, by, { reason: reason === '' ? null : reason, acceptsChanges });
    return { reason: reason === '' ? null : reason, acceptsChanges };
  },
});

/** With every check and the log. */
export async function getRestore(backend: Backend, id: string): Promise<Restore> {
  const record = await findRestore(backend.db, id);
  if (record === null) throw noSuchRestore();
  return { ...toShown(record), checks: record.checks, log: record.log };
}

/** Newest first. */
export async function listRestores(backend: Backend): Promise<RestoreList> {
  return { data: (await findRestores(backend.db, LISTED)).map(toShown) };
}
