import { AppError, toAppError } from '../core/errors.ts';
import type { LiveTarget, SourceContext, TargetState } from '../sources/source.ts';
import type { OpenedArchive } from '../verify/opened-archive.ts';
import type { LiveOrder } from './restore-arguments.ts';

export interface LiveWork {
  readonly opened: Pick<OpenedArchive, 'pgRestore' | 'file' | 'manifest'>;
  readonly args: readonly string[];
  readonly order: Pick<LiveOrder, 'content' | 'tables'>;
  /** What people call the backup that was taken before; null where there is none. */
  readonly safetyBackup: string | null;
  readonly say: (line: string) => void;
  /** Sees each line of what pg_restore tells of its progress. */
  readonly tell?: (line: string) => void;
}

const SETTLE_MS = 60_000;

/** It failed or was stopped, and the message says in which state the target is. */
export class LiveRestoreStopped extends AppError {
  /** False where it was done all the same; null where that could not be found out. */
  readonly isUndone: boolean | null;
  constructor(why: AppError, told: string, isUndone: boolean | null, hint = why.hint) {
    super(why.code, `${why.message}; ${told}`, { hint, cause: why });
    this.isUndone = isUndone;
  }
}

/**
 * Runs pg_restore into the target, which is created where it is not there. When that fails or is stopped, it throws
 * LiveRestoreStopped: the target is as it was before, because everything was one transaction, or gone again, because it was new.
 */
export async function restoreInto(
  target: LiveTarget,
  state: TargetState,
  work: LiveWork,
  ctx: SourceContext,
): Promise<void> {
  const { opened, args, say, tell } = work;
  const before = state.exists ? await target.mark(ctx, work.order.tables) : null;
  if (!state.exists) {
    const otherwise = await target.create(ctx, opened.manifest?.facts.database ?? null, state.major);
    if (otherwise !== null) say(`created with the server's own locale: ${otherwise}`);
  }
  try {
    await target.restore(
      ctx,
      { program: opened.pgRestore, args, file: opened.file, ...(tell === undefined ? {} : { tell }) },
      say,
    );
  } catch (thrown) {
    const isStopped = ctx.signal.aborted;
    const error = toAppError(isStopped ? ctx.signal.reason : thrown);
    throw await tellState(error, target, state, before, work, ctx);
  }
}

/**
 * Ends what may still run on the server, and looks whether the target is as `mark` showed it before. Throws where it cannot be
 * looked at.
 */
export async function isAsBefore(
  target: LiveTarget,
  before: string,
  { content, tables }: Pick<LiveOrder, 'content' | 'tables'>,
  ctx: SourceContext,
): Promise<boolean> {
  await target.settle(ctx);
  return content === 'data'
    ? (await target.holdRows(ctx, tables)).length === 0
    : (await target.mark(ctx, tables)) === before;
}

async function tellState(
  error: AppError,
  target: LiveTarget,
  state: TargetState,
  before: string | null,
  { order, safetyBackup }: LiveWork,
  ctx: SourceContext,
): Promise<LiveRestoreStopped> {
  const { database } = target;
  // The run's own signal may be what ended it.
  const after = { ...ctx, signal: AbortSignal.timeout(SETTLE_MS) };
  const safety = safetyBackup === null ? '' : ` (its safety backup is ${safetyBackup})`;
  try {
    if (!state.exists) {
      await target.settle(after);
      await target.drop(after);
      return new LiveRestoreStopped(
        error,
        `${database} had only just been created and was dropped again`,
        true,
      );
    }
    return (await isAsBefore(target, before ?? '', order, after))
      ? new LiveRestoreStopped(error, `${database} is as it was before${safety}`, true)
      : new LiveRestoreStopped(
          error,
          `${database} holds what was restored, which was not checked${safety}`,
          false,
          `Look at ${database} before it is used.`,
        );
  } catch (thrown) {
    return new LiveRestoreStopped(
      error,
      `in which state ${database} is could not be found out: ${toAppError(thrown).message}${safety}`,
      null,
      `Look at ${database} before it is used.`,
    );
  }
}
