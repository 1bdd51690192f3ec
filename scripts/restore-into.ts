import { AppError, toAppError } from '#lib/core/errors.ts';
import type { RunContext } from '#lib/core/run-context.ts';
import type { LiveTarget, TargetState } from '#lib/sources/source.ts';
import type { OpenedArchive } from '#lib/verify/opened-archive.ts';
import type { TableName } from './restore-contents.ts';
import type { RestoreOptions } from './restore-options.ts';

export interface Work {
  readonly opened: OpenedArchive;
  readonly args: readonly string[];
  readonly options: RestoreOptions;
  readonly restored: readonly TableName[];
  readonly safetyBackup: string | null;
  readonly say: (line: string) => void;
}

const SETTLE_MS = 60_000;

/**
 * Runs pg_restore into the target, which is created where it is not there. When that fails or is stopped, the error says in
 * which state the target is: as it was before, because everything was one transaction, or gone again, because it was new.
 */
export async function restoreInto(
  target: LiveTarget,
  state: TargetState,
  work: Work,
  ctx: RunContext,
): Promise<void> {
  const { opened, args, say } = work;
  const before = state.exists ? await target.mark(ctx) : null;
  if (!state.exists) {
    const otherwise = await target.create(ctx, opened.manifest?.facts.database ?? null, state.major);
    if (otherwise !== null) say(`created with the server's own locale: ${otherwise}`);
  }
  try {
    await target.restore(ctx, { program: opened.pgRestore, args, file: opened.file }, say);
  } catch (thrown) {
    const isStopped = ctx.signal.aborted;
    const error = toAppError(isStopped ? ctx.signal.reason : thrown);
    const told = await undo(target, state, before, work, ctx);
    throw new AppError(error.code, `${error.message}; ${told}`, { hint: error.hint, cause: error });
  }
}

async function undo(
  target: LiveTarget,
  state: TargetState,
  before: string | null,
  { options, restored, safetyBackup }: Work,
  ctx: RunContext,
): Promise<string> {
  const { database } = target;
  // The run's own signal may be what ended it.
  const after = { ...ctx, signal: AbortSignal.timeout(SETTLE_MS) };
  const safety = safetyBackup === null ? '' : ` (its safety backup is ${safetyBackup})`;
  try {
    await target.settle(after);
    if (!state.exists) {
      await target.drop(after);
      return `${database} had only just been created and was dropped again`;
    }
    const isAsBefore =
      options.content === 'data'
        ? (await target.holdRows(after, restored)).length === 0
        : (await target.mark(after)) === before;
    return isAsBefore
      ? `${database} is as it was before${safety}`
      : `${database} holds what was restored, which was not checked${safety}`;
  } catch (thrown) {
    return `in which state ${database} is could not be found out: ${toAppError(thrown).message}${safety}`;
  }
}
