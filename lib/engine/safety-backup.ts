import { SAFETY_BACKUP_CHECK } from '../contracts/restore.ts';
import { archiveFilename, safetyPrefix } from '../core/archive-name.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import { layersOf } from '../platform/source-config.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow, findBackup, insertManualBackup } from '#db/queries/backup.ts';
import { failQueuedRun, runBackup } from './backup.ts';
import { workerActor } from './deps.ts';
import type { HeldRestore } from './held-restore.ts';
import { persist } from './persist.ts';

const LOOK_MS = 500;

/** The configuration under which the whole of `database` is backed up before something is restored over it. */
export const safetyConfig = (config: Config, database: string): Config => ({
  ...config,
  source: { ...config.source, database },
  filePrefix: safetyPrefix(config.filePrefix),
  // What need not be backed up every night may be what is missed after a restore.
  excludeTables: [],
});

export interface SafetyBackup {
  readonly id: string;
  readonly filename: string;
}

/**
 * Takes a backup of the target as it is now, a row of the history like any other, before anything is touched. Throws where it is not
 * COMPLETED: then nothing may be restored. Waits for a backup that is being taken.
 */
export async function takeSafetyBackup(restore: HeldRestore): Promise<SafetyBackup> {
  const { run, ctx, say } = restore;
  const config = safetyConfig(restore.deps.config, run.targetDatabase);
  const deps = { ...restore.deps, config };
  const startedAt = ctx.clock.now().getTime();
  restore.enter('safety-backup');
  await restore.note({ phase: 'safety-backup' });
  const layers = layersOf(config);
  const id = await deps.db.transaction(async (tx) => {
    const backupId = await insertManualBackup(tx, {
      sourceId: run.sourceId,
      filename: archiveFilename(config.filePrefix, await catalogueNow(tx), 1, layers),
      destinations: [config.storage],
      description: `before a restore into ${run.targetDatabase}`,
      tables: null,
      schemaOnly: false,
      isEncrypted: layers.isEncrypted,
      requestedBy: run.requestedBy,
    });
    await addAuditEntry(tx, workerActor('restore'), 'backup.create', backupId, {
      destinations: [config.storage],
      restoreId: run.id,
    });
    return backupId;
  });
  say(`taking a safety backup of ${run.targetDatabase}`);
  try {
    await runBackup(deps, id, { run: ctx.signal, turn: ctx.signal });
  } catch (thrown) {
    ctx.log.warn('the safety backup could not be taken', { error: thrown });
    // It may wait for its turn still, and nobody needs it any more.
    await failQueuedRun(deps, id, toAppError(ctx.signal.aborted ? ctx.signal.reason : thrown));
  }
  const filename = await completed(restore, id);
  const safety = { id, filename };
  restore.found({
    name: `${SAFETY_BACKUP_CHECK}${id}`,
    verdict: 'PASSED',
    isRequired: false,
    expected: null,
    found: filename,
    reason: null,
    durationMs: ctx.clock.now().getTime() - startedAt,
  });
  // Whoever looks for the way back must find it, whatever happens next.
  await restore.note({ phase: 'safety-backup' });
  say(`safety backup: ${filename}`);
  return safety;
}

async function completed({ deps, ctx, run }: HeldRestore, id: string): Promise<string> {
  for (;;) {
    const backup = await persist(deps, 'safety backup', () => findBackup(deps.db, id));
    if (backup?.status === 'COMPLETED') return backup.filename;
    // Another worker may have found its row waiting, and taken it.
    if (backup?.status !== 'IN_PROGRESS') {
      ctx.signal.throwIfAborted();
      throw new AppError(
        'restore_failed',
        `the safety backup failed: ${backup?.errorMessage ?? 'it is not there any more'}; nothing was restored`,
        {
          hint: `${run.targetDatabase} is as it was. Mend what kept it from being backed up, and try again.`,
        },
      );
    }
    await deps.clock.sleep(LOOK_MS, ctx.signal);
  }
}
