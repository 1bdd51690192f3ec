import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insertRestore } from '#db/queries/restore.ts';
import type { RestorePlan } from '#lib/contracts/restore.ts';
import { restoreJob } from '#lib/jobs/queue.ts';
import { backupWhere, isOver, queueBackup, switchProofsOff } from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine } from '#tests/support/engine.ts';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { eventually, startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';
import { sourceEnvironment } from './backup.ts';
import { RUN_LIMIT_MS } from './memory.ts';

/** As many jobs of pg_restore as the bare one is given. */
export const JOBS = 2;

interface Ended {
  readonly durationMs: number;
  readonly restoreMs: number;
  readonly interruptionMs: number | null;
}

/** A worker process, and one backup of the database it restores. */
export interface Restorer extends AsyncDisposable {
  /** Goes with it. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly worker: WorkerProcess;
  /** The file of the backup. */
  readonly archive: string;
  /** Asks for a restore as the web does, and waits for its end. Throws where it did not pass. */
  restore(plan: Pick<RestorePlan, 'mode' | 'targetDatabase' | 'tables' | 'tablesInto'>): Promise<Ended>;
}

export async function startRestorer(server: TestPostgres, database: string): Promise<Restorer> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'));
  stack.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const catalogue = await createCatalogue(server, `catalogue_${database}_restore`);
  stack.defer(() => catalogue.close());
  const { raw } = catalogue;
  const environment = sourceEnvironment(server, database);
  const engine = stack.use(
    await createEngine(catalogue, { ...environment, BACKUP_VERIFY_JOBS: String(JOBS) }),
  );
  await switchProofsOff(raw);
  const worker = stack.use(startWorkerProcess(engine.environment));
  await worker.until('worker is ready');
  const backupId = await queueBackup(engine);
  const backup = await backupWhere(raw, backupId, isOver, worker.log, RUN_LIMIT_MS);
  if (backup.status !== 'COMPLETED') throw new Error(`the backup failed: ${worker.log()}`);
  const held = stack.move();
  return {
    folder,
    environment,
    worker,
    archive: join(engine.config.localPath, backup.filename),
    restore: async (plan) => {
      const { mode, targetDatabase } = plan;
      const id = await engine.db.transaction(async (tx) => {
        const restoreId = await insertRestore(tx, {
          backupId,
          sourceId: engine.sourceId,
          destination: 'local',
          mode,
          targetDatabase,
          environment: engine.config.environment,
          plan: {
            ...plan,
            destination: 'local',
            schemaOnly: false,
            dataOnly: false,
            noOwner: false,
            pauseBeforeSwap: false,
            hooks: [],
          },
          reason: 'bench',
          requestedBy: 'bench',
        });
        if (restoreId === null) throw new Error(`another restore has ${targetDatabase}`);
        await engine.queue.enqueue(tx, restoreJob, { restoreId });
        return restoreId;
      });
      const ended = await eventually(
        async () => {
          const [row] = await raw<(Ended & { status: string; proven: boolean | null })[]>`
            select status, proven, duration_ms as "durationMs", restore_ms as "restoreMs", interruption_ms as "interruptionMs"
            from restores where id = ${id} and status <> 'IN_PROGRESS'`;
          return row;
        },
        worker.log,
        RUN_LIMIT_MS,
      );
      if (ended.status !== 'COMPLETED' || ended.proven !== true)
        throw new Error(`the restore did not pass: ${worker.log()}`);
      return ended;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
