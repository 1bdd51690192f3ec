import { stampedName } from '../core/database-name.ts';
import { AppError } from '../core/errors.ts';
import { openRestoreServer } from '../sources/registry.ts';
import type { RestoreServer, SourceContext } from '../sources/source.ts';
import type { RestoreRecord, RestoreResult } from '#db/queries/restore.ts';
import type { HeldRestore } from './held-restore.ts';
import { persist } from './persist.ts';
import { mendedExchange, swapping, swapWith, undoWith } from './swap-and-back.ts';

type Result = Omit<RestoreResult, 'log'>;

const LOOK_MS = 30_000;

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
 * Notes the names and exchanges them, and where that throws asks the names whether it was done all the same: the answer to a commit may be
 * lost. Throws where it was not done; connections are let in again then.
 */
async function exchange(
  restore: HeldRestore,
  next: string,
  word: 'before' | 'undone',
  carriesProperties: boolean,
): Promise<{ readonly aside: string; readonly interruptionMs: number | null }> {
  const { deps, run, ctx, say } = restore;
  const { targetDatabase: live } = run;
  const server = openRestoreServer(deps.config);
  const aside = stampedName(live, word, ctx.clock.now());
  restore.moved(swapping(restore));
  await restore.note({
    ...(word === 'before' ? { keptDatabase: aside } : { copyDatabase: aside }),
    phase: 'swapping',
  });
  ctx.log.info('about to exchange the databases', { live, next, aside });
  const done = `${next} is now ${live}, and what was live is ${aside}`;
  try {
    const { interruptionMs } = await server.exchange(ctx, { live, next, kept: aside, carriesProperties });
    say(`${done}; connections were refused for ${String(interruptionMs)} ms`);
    return { aside, interruptionMs };
  } catch (thrown) {
    const calm = { ...ctx, signal: AbortSignal.timeout(LOOK_MS) };
    if ((await stateOf(server, calm, { live, next, aside })) === 'done') {
      say(done);
      return { aside, interruptionMs: null };
    }
    await server.reopen(calm, [live, next]);
    throw ctx.signal.aborted ? ctx.signal.reason : thrown;
  }
}

/** Puts the proven copy in the place of the live database, which is kept. Never throws: what stopped it is a result too. */
export const swapIn = (restore: HeldRestore): Promise<Result> =>
  // A copy that was swapped in before has rows and properties of its own by now.
  swapWith(restore, (next) => exchange(restore, next, 'before', restore.run.finishedAt === null));

/** Puts the kept database back; what was swapped in is kept as `…_undone_…`. Never throws: what stopped it is a result too. */
export const undoSwap = (restore: HeldRestore): Promise<Result> =>
  undoWith(
    restore,
    (next) => exchange(restore, next, 'undone', false),
    (kept) => needKept(restore, kept),
  );

async function needKept({ deps, ctx }: HeldRestore, kept: string): Promise<void> {
  const there = await openRestoreServer(deps.config).existing(ctx, [kept]);
  if (there.has(kept)) return;
  throw new AppError('object_missing', `the database ${kept}, which was live before, is not there any more`, {
    hint: 'The live database is as before; restore a backup instead.',
  });
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
  await server.reopen(ctx, [live, ...(next === null ? [] : [next])]);
  return mendedExchange(run, task, isDone);
}
