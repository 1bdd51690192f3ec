import { isPathTarget } from '../contracts/restore.ts';
import { toAppError } from '../core/errors.ts';
import { restoreJob } from '../jobs/queue.ts';
import { openRestoreServer } from '../sources/registry.ts';
import {
  deadRestores,
  findRestore,
  forgetCopy,
  leftCopies,
  noteDatabases,
  takeOverRestore,
  taskOf,
  waitingRestores,
  type RestoreRecord,
  type RestoreResult,
} from '#db/queries/restore.ts';
import { removeOldQuestions } from '#db/queries/restore-question.ts';
import { isOfPath, type EngineDeps } from './deps.ts';
import { endLeftHooks, runAfterHooks, type HookedRestore } from './hooks.ts';
import { mendInPlace } from './in-place.ts';
import { dropCopy, settle } from './restore.ts';
import { mendPath } from './restore-path.ts';
import { mendTables } from './restore-tables.ts';
import { depsOfSource } from './source-deps.ts';
import { mendExchange } from './swap.ts';
import { mendUndoneTables } from './undo-tables.ts';

const MEND_MS = 60_000;

/**
 * Finishes or undoes what dead workers left of their restores, whichever the names of the databases show, and says which: a swap is
 * done or not done, never half. What was made of the others is dropped, and they become FAILED `interrupted`.
 */
export async function mendRestores(deps: EngineDeps, ownActive: readonly string[]): Promise<void> {
  for (const run of await deadRestores(deps.db, deps.workerId, ownActive)) {
    if (run.workerId === null) continue;
    // Of several workers that see it, one does this.
    if (!(await takeOverRestore(deps.db, run.id, run.workerId, deps.workerId))) continue;
    try {
      const own = await depsOfSource(deps, run.sourceId);
      const result = await mend(own, run);
      const report = reportOf(own, run, result);
      report.say(wordsOf(run, result));
      await endLeftHooks(report);
      await runAfterHooks(report, result.status === 'COMPLETED' && result.error === null);
      await settle(deps, run, { ...result, checks: report.checks, log: report.log() });
      deps.log.warn('a restore of a dead worker was mended', { restoreId: run.id, status: result.status });
    } catch (error) {
      // The server may be away; the row stays dead and is looked at again.
      deps.log.warn('a restore of a dead worker could not be mended yet', { restoreId: run.id, error });
    }
  }
}

/** What the dead worker wrote down, to be gone on with. */
function reportOf(
  deps: EngineDeps,
  run: RestoreRecord,
  result: Omit<RestoreResult, 'log'>,
): HookedRestore & { readonly log: () => string } {
  let log = run.log;
  let checks = [...(result.checks ?? run.checks)];
  return {
    deps,
    run,
    ctx: { runId: run.id, signal: new AbortController().signal, clock: deps.clock, log: deps.log },
    say: (line) => {
      log += `${deps.clock.now().toISOString()} ${line}\n`;
    },
    enter: () => undefined,
    found: (check) => {
      checks = [...checks.filter(({ name }) => name !== check.name), check];
    },
    forget: (start) => {
      checks = checks.filter(({ name }) => !name.startsWith(start));
    },
    get checks() {
      return checks;
    },
    note: async (names) => {
      await noteDatabases(deps.db, run.id, deps.workerId, names, { checks, log });
    },
    log: () => log,
  };
}

function wordsOf(
  run: RestoreRecord,
  { status, error, swappedAt, undoneAt }: Omit<RestoreResult, 'log'>,
): string {
  if (run.mode === 'in-place') {
    return error === null
      ? `the worker died; the restore was done: ${run.targetDatabase} shows that everything was replaced`
      : `the worker died; it was not done: ${run.targetDatabase} is as before`;
  }
  if (run.mode === 'tables' && taskOf(run) === 'undo') {
    const how =
      undoneAt === undefined
        ? 'was not done: the tables are as the restore left them'
        : 'was done: the rows from before are back';
    return `the worker died; ${run.targetDatabase} shows that the undo ${how}`;
  }
  const who = `the worker died; the names of the ${isPathTarget(run.targetDatabase) ? 'paths' : 'databases'} show that`;
  if (swappedAt !== undefined) return `${who} the swap was done: ${run.targetDatabase} is the restored one`;
  if (undoneAt !== undefined)
    return `${who} the undo was done: ${run.targetDatabase} is what was live before`;
  if (run.mode === 'tables' && error === null)
    return `the worker died; ${run.targetDatabase} shows that the tables were brought in, all of them`;
  if (error === null && status === 'COMPLETED') return `${who} the restore was done`;
  return `${who} it was not done: ${run.targetDatabase} is as before`;
}

async function mend(deps: EngineDeps, run: RestoreRecord): Promise<Omit<RestoreResult, 'log'>> {
  const ctx = { signal: AbortSignal.timeout(MEND_MS), log: deps.log, clock: deps.clock };
  const task = taskOf(run);
  const isPath = isOfPath(deps);
  if (task === 'undo' && isPath) return mendPath(deps, run);
  if (task === 'undo' && run.mode === 'tables') return mendUndoneTables(deps, run, ctx);
  if (task === 'undo') return mendExchange(deps, run, 'undo', ctx);
  let result: Omit<RestoreResult, 'log'> = {
    status: 'FAILED',
    error: {
      code: 'interrupted',
      message: 'the worker that restored this backup died',
      hint: 'The live database is as before; start the restore again.',
    },
  };
  if (run.mode === 'in-place') return (await mendInPlace(deps, run, ctx)) ?? result;
  if (isPath) result = await mendPath(deps, run);
  else if (run.mode === 'tables') result = (await mendTables(deps, run, ctx)) ?? result;
  else if (task === 'swap' || run.keptDatabase !== null) result = await mendExchange(deps, run, 'swap', ctx);
  else if (run.mode === 'new' && run.copyDatabase !== null && (await isRenamed(deps, run, ctx)))
    return { status: 'COMPLETED', error: null, copyDatabase: run.targetDatabase };
  if ((result.status !== 'FAILED' && run.mode !== 'tables') || run.copyDatabase === null) return result;
  const isDropped = await dropCopy({ deps, run }, run.copyDatabase);
  return isDropped ? { ...result, copyDatabase: null } : result;
}

/** Its last step is to give the copy its name. */
async function isRenamed(
  deps: EngineDeps,
  run: RestoreRecord,
  ctx: Parameters<ReturnType<typeof openRestoreServer>['existing']>[0],
): Promise<boolean> {
  const there = await openRestoreServer(deps.config).existing(ctx, [run.targetDatabase]);
  return there.get(run.targetDatabase) === run.id;
}

/** Waiting ones whose job is lost get a new one; copies of FAILED ones that are still there go, and so do old questions. */
export async function reviveRestores(deps: EngineDeps): Promise<void> {
  for (const restoreId of await waitingRestores(deps.db)) {
    if (await deps.queue.isPending(restoreJob, { restoreId })) continue;
    deps.log.warn('a waiting restore had lost its job; it gets a new one', { restoreId });
    await deps.db.transaction((tx) => deps.queue.enqueue(tx, restoreJob, { restoreId }));
  }
  for (const { id, sourceId, copyDatabase } of await leftCopies(deps.db)) {
    const own = await depsOfSource(deps, sourceId);
    if (!(await isStagingGone(own, id))) continue;
    if (await dropCopy({ deps: own, run: { id } }, copyDatabase)) await forgetCopy(deps.db, id);
  }
  await removeOldQuestions(deps.db).catch((error: unknown) => {
    deps.log.warn('old questions could not be removed', { error: toAppError(error) });
  });
}

/** Chosen tables that were on their way go with the copy they came from. False where the server cannot be asked yet. */
async function isStagingGone(deps: EngineDeps, id: string): Promise<boolean> {
  const run = await findRestore(deps.db, id);
  if (run?.mode !== 'tables') return true;
  const ctx = { signal: AbortSignal.timeout(MEND_MS), log: deps.log, clock: deps.clock };
  try {
    await mendTables(deps, run, ctx);
    return true;
  } catch (error) {
    deps.log.warn('what a restore had staged could not be dropped yet', { restoreId: id, error });
    return false;
  }
}
