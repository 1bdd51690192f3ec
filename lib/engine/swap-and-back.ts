import { AppError, runErrorOf } from '../core/errors.ts';
import type { RestoreRecord, RestoreResult } from '#db/queries/restore.ts';
import { ExchangeStuck } from './exchange-path.ts';
import type { HeldRestore } from './held-restore.ts';
import { withHooks } from './hooks.ts';
import { waitForBackups } from './wait-for-backups.ts';

type Result = Omit<RestoreResult, 'log'>;
type SwapRecord = Pick<RestoreRecord, 'finishedAt' | 'plan'>;

/** `next` becomes what is live; what was live is kept as `aside`. Throws where it was not done, and everything is as before then. */
type Exchange = (next: string) => Promise<{ readonly aside: string; readonly interruptionMs: number | null }>;

export const swapping = ({ run }: HeldRestore) => ({
  phase: 'swapping' as const,
  table: null,
  tablesDone: run.tableCount,
  tableCount: run.tableCount,
  fraction: 0.98,
});

/** Puts the proven copy in the place of what is live, which is kept. Never throws: what stopped it is a result too. */
export async function swapWith(restore: HeldRestore, exchange: Exchange): Promise<Result> {
  const { copyDatabase: next } = restore.run;
  try {
    if (next === null) throw new AppError('conflict', 'this restore has no copy that could be swapped in');
    const { aside, interruptionMs } = await whileStill(restore, () => exchange(next));
    return {
      status: 'COMPLETED',
      error: null,
      keptDatabase: aside,
      copyDatabase: null,
      swappedAt: 'now',
      interruptionMs,
    };
  } catch (thrown) {
    return stopped(restore, 'swap', thrown);
  }
}

/**
 * Puts back what was kept; what was swapped in is kept as `…_undone_…`. `need` throws where there is nothing to put back. Never throws:
 * what stopped it is a result too.
 */
export async function undoWith(
  restore: HeldRestore,
  exchange: Exchange,
  need: (next: string) => Promise<void> = () => Promise.resolve(),
): Promise<Result> {
  const { keptDatabase: next } = restore.run;
  try {
    if (next === null) throw new AppError('conflict', 'this restore has no swap that could be undone');
    await need(next);
    const { aside } = await whileStill(restore, () => exchange(next));
    return { status: 'COMPLETED', error: null, copyDatabase: aside, undoneAt: 'now' };
  } catch (thrown) {
    return stopped(restore, 'undo', thrown);
  }
}

/** Between the commands of the server, and while no backup is being taken. */
async function whileStill<T>(restore: HeldRestore, act: () => Promise<T>): Promise<T> {
  await waitForBackups(restore);
  restore.ctx.signal.throwIfAborted();
  return withHooks(restore, async () => {
    // The commands may have taken long enough for one to start.
    await waitForBackups(restore);
    return act();
  });
}

function stopped({ run, ctx, say }: HeldRestore, task: 'swap' | 'undo', thrown: unknown): Result {
  if (thrown instanceof ExchangeStuck) return stuckExchange(thrown, task);
  const error = runErrorOf(ctx.signal.aborted ? ctx.signal.reason : thrown);
  if (error.code === 'bug') ctx.log.error('the exchange met an unknown error', { error: thrown });
  say(`${run.targetDatabase} is as before`);
  return notExchanged(run, task, error);
}

/** The names of what stands aside stay in the row. */
export const stuckExchange = (error: ExchangeStuck, task: 'swap' | 'undo'): Result => ({
  status: task === 'swap' ? 'FAILED' : 'COMPLETED',
  error: runErrorOf(error),
  takesRequestBack: true,
});

/** How an exchange ends that was not done: a swap that waits for a person waits again, and what was live once stays. */
function notExchanged(
  run: SwapRecord,
  task: 'swap' | 'undo',
  error: NonNullable<RestoreResult['error']>,
): Result {
  if (task === 'undo') return { status: 'COMPLETED', error, copyDatabase: null, takesRequestBack: true };
  const back = { error, keptDatabase: null, takesRequestBack: true } as const;
  if (run.finishedAt !== null) return { status: 'COMPLETED', ...back };
  if (run.plan.pauseBeforeSwap && error.code !== 'cancelled')
    return { status: 'IN_PROGRESS', phase: 'ready', ...back };
  return { status: 'FAILED', ...back };
}

/** How an exchange ends whose worker died. */
export function mendedExchange(
  run: SwapRecord & Pick<RestoreRecord, 'targetDatabase'>,
  task: 'swap' | 'undo',
  isDone: boolean,
): Result {
  if (!isDone) {
    return notExchanged(run, task, {
      code: 'interrupted',
      message: `the worker died before the exchange was done; ${run.targetDatabase} is as it was before it`,
      hint: 'Ask for it again.',
    });
  }
  if (task === 'undo') return { status: 'COMPLETED', error: null, undoneAt: 'now' };
  return {
    status: 'COMPLETED',
    error: null,
    copyDatabase: null,
    swappedAt: 'now',
    interruptionMs: null,
    proven: true,
  };
}
