import { stampedName } from '../core/database-name.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { openRestoreServer } from '../sources/registry.ts';
import type { RestoreServer, SourceContext } from '../sources/source.ts';
import type { RestoreRecord, RestoreResult } from '#db/queries/restore.ts';
import type { HeldRestore } from './held-restore.ts';
import { withHooks } from './hooks.ts';
import { persist } from './persist.ts';
import { waitForBackups } from './wait-for-backups.ts';

type Result = Omit<RestoreResult, 'log'>;

const LOOK_MS = 30_000;

export const errorOf = (thrown: unknown): NonNullable<RestoreResult['error']> => {
  const { code, message, hint } = toAppError(thrown);
  return { code, message, hint: hint ?? null };
};

/** Which of the two states the names show: `done` once what was live stands under `aside`. */
async function stateOf(
  server: RestoreServer,
  ctx: SourceContext,
  names: { readonly live: string; readonly next: string; readonly aside: string },
): Promise<'done' | 'not-done'> {
  const there = await server.existing(ctx, [names.live, names.next, names.aside]);
  return there.has(names.live) && there.has(names.aside) && !there.has(names.next) ? 'done' : 'not-done';
}

/**
 * Exchanges, and where that throws asks the names whether it was done all the same: the answer to a commit may be lost. Throws
 * where it was not done; connections are let in again then.
 */
async function exchange(
  { deps, ctx, say }: HeldRestore,
  names: { readonly live: string; readonly next: string; readonly aside: string },
  carriesProperties: boolean,
): Promise<number | null> {
  const server = openRestoreServer(deps.config);
  const { live, next, aside: kept } = names;
  try {
    const { interruptionMs } = await server.exchange(ctx, { live, next, kept, carriesProperties });
    say(
      `${next} is now ${live}, and what was live is ${kept}; connections were refused for ${String(interruptionMs)} ms`,
    );
    return interruptionMs;
  } catch (thrown) {
    const calm = { ...ctx, signal: AbortSignal.timeout(LOOK_MS) };
    if ((await stateOf(server, calm, names)) === 'done') {
      say(`${next} is now ${live}, and what was live is ${kept}`);
      return null;
    }
    await server.reopen(calm, [live, next]);
    throw ctx.signal.aborted ? ctx.signal.reason : thrown;
  }
}

/** Puts the proven copy in the place of the live database, which is kept. Never throws: what stopped it is a result too. */
export async function swapIn(restore: HeldRestore): Promise<Result> {
  const { run, ctx } = restore;
  const { targetDatabase: live, copyDatabase: next } = run;
  // One that was swapped in before has rows of its own by now, and is never dropped.
  const isAgain = run.finishedAt !== null;
  try {
    if (next === null) throw new AppError('conflict', 'this restore has no copy that could be swapped in');
    await waitForBackups(restore);
    ctx.signal.throwIfAborted();
    const { aside, interruptionMs } = await withHooks(restore, async () => {
      // The commands may have taken long enough for one to start.
      await waitForBackups(restore);
      const kept = stampedName(live, 'before', ctx.clock.now());
      restore.moved(swapping(restore));
      await restore.note({ keptDatabase: kept, phase: 'swapping' });
      ctx.log.info('about to exchange the databases', { live, next, kept });
      return {
        aside: kept,
        interruptionMs: await exchange(restore, { live, next, aside: kept }, !isAgain),
      };
    });
    return {
      status: 'COMPLETED',
      error: null,
      keptDatabase: aside,
      copyDatabase: null,
      swappedAt: 'now',
      interruptionMs,
    };
  } catch (thrown) {
    const error = errorOf(ctx.signal.aborted ? ctx.signal.reason : thrown);
    restore.say(`${live} is as before`);
    return notSwapped(run, error);
  }
}

/** How a swap ends that was not done: one that waits for a person waits again, and what was live once stays. */
export function notSwapped(
  run: Pick<RestoreRecord, 'finishedAt' | 'plan' | 'cancelRequestedAt'>,
  error: NonNullable<RestoreResult['error']>,
): Result {
  const back = { error, keptDatabase: null, takesRequestBack: true } as const;
  if (run.finishedAt !== null) return { status: 'COMPLETED', ...back };
  if (run.plan.pauseBeforeSwap && error.code !== 'cancelled')
    return { status: 'IN_PROGRESS', phase: 'ready', ...back };
  return { status: 'FAILED', ...back };
}

export const swapping = ({ run }: HeldRestore) => ({
  phase: 'swapping' as const,
  table: null,
  tablesDone: run.tableCount,
  tableCount: run.tableCount,
  fraction: 0.98,
});

/** Puts the kept database back; what was swapped in is kept as `…_undone_…`. Never throws: what stopped it is a result too. */
export async function undoSwap(restore: HeldRestore): Promise<Result> {
  const { deps, run, ctx } = restore;
  const { targetDatabase: live, keptDatabase: next } = run;
  try {
    if (next === null) throw new AppError('conflict', 'this restore has no swap that could be undone');
    const there = await openRestoreServer(deps.config).existing(ctx, [next]);
    if (!there.has(next)) {
      throw new AppError(
        'object_missing',
        `the database ${next}, which was live before, is not there any more`,
        {
          hint: 'The live database is as before; restore a backup instead.',
        },
      );
    }
    await waitForBackups(restore);
    ctx.signal.throwIfAborted();
    const aside = await withHooks(restore, async () => {
      await waitForBackups(restore);
      const kept = stampedName(live, 'undone', ctx.clock.now());
      restore.moved(swapping(restore));
      await restore.note({ copyDatabase: kept, phase: 'swapping' });
      ctx.log.info('about to exchange the databases', { live, next, kept });
      await exchange(restore, { live, next, aside: kept }, false);
      return kept;
    });
    return { status: 'COMPLETED', error: null, copyDatabase: aside, undoneAt: 'now' };
  } catch (thrown) {
    const error = errorOf(ctx.signal.aborted ? ctx.signal.reason : thrown);
    restore.say(`${live} is as before`);
    return { status: 'COMPLETED', error, copyDatabase: null, takesRequestBack: true };
  }
}

/** What became of an exchange whose worker died, by the names of the databases; connections are let in again. */
export async function mendExchange(
  deps: HeldRestore['deps'],
  run: RestoreRecord,
  task: 'swap' | 'undo',
  ctx: SourceContext,
): Promise<Result> {
  const server = openRestoreServer(deps.config);
  const { targetDatabase: live, copyDatabase, keptDatabase } = run;
  const [next, aside] = task === 'swap' ? [copyDatabase, keptDatabase] : [keptDatabase, copyDatabase];
  const names = next === null || aside === null ? null : { live, next, aside };
  const isDone =
    names !== null &&
    (await persist(deps, 'names of databases', () => stateOf(server, ctx, names))) === 'done';
  const error = {
    code: 'interrupted',
    message: `the worker died before the exchange was done; ${live} is as it was before it`,
    hint: 'Ask for it again.',
  };
  await server.reopen(ctx, [live, ...(next === null ? [] : [next])]);
  if (task === 'undo') {
    return isDone
      ? { status: 'COMPLETED', error: null, undoneAt: 'now' }
      : { status: 'COMPLETED', error, copyDatabase: null, takesRequestBack: true };
  }
  return isDone
    ? {
        status: 'COMPLETED',
        error: null,
        copyDatabase: null,
        swappedAt: 'now',
        interruptionMs: null,
        proven: true,
      }
    : notSwapped(run, error);
}
