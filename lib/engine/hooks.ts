import type { Check } from '../contracts/verification.ts';
import { toAppError } from '../core/errors.ts';
import { chosenHooks, endLeftHook, hookFailed, runHook } from '../restore/run-hook.ts';
import type { HeldRestore } from './held-restore.ts';

/** What hooks need of the restore they run for; recovery has no more of one. */
export type HookedRestore = Pick<
  HeldRestore,
  'deps' | 'run' | 'ctx' | 'say' | 'enter' | 'found' | 'forget' | 'checks' | 'note'
>;

const checkOf = (name: string): string => `hook:${name}`;

/** Written down before a command is started: whoever finds it knows that it may have done its work. */
const started = (name: string): Check => ({
  name: checkOf(name),
  verdict: 'UNKNOWN',
  isRequired: false,
  expected: null,
  found: null,
  reason: 'it was started, and how it ended is not known',
  durationMs: 0,
});

const occasionOf = ({ run }: Pick<HookedRestore, 'run'>) => ({
  restoreId: run.id,
  mode: run.mode,
  database: run.targetDatabase,
});

/** Runs the chosen commands that come before. Throws `hook_failed` at the first that fails: nothing may be touched then. */
export async function runBeforeHooks(restore: HookedRestore): Promise<void> {
  const { deps, run, ctx } = restore;
  if (run.plan.hooks.length === 0) return;
  const { before, unknown } = chosenHooks(deps.config, run.plan.hooks);
  if (unknown.length > 0) throw hookFailed(`this server knows no command named ${unknown.join(', ')}`);
  // Those of an exchange before this one.
  restore.forget(checkOf(''));
  restore.enter('hooks');
  for (const hook of before) {
    ctx.signal.throwIfAborted();
    restore.found(started(hook.name));
    await restore.note({ phase: 'hooks' });
    const check = await runHook(deps.config, hook, occasionOf(restore), restore.say, ctx);
    restore.found(check);
    if (check.verdict !== 'PASSED')
      throw hookFailed(`the command ${hook.name}, which runs before, failed: ${check.reason ?? ''}`);
  }
}

/**
 * Runs the chosen commands that come after: where the restore `isDone`, and also where it was not but a command before had been
 * started, because that one may have stopped what these start again. Each runs once. Never throws: one that fails is told in the
 * report, and the next one runs all the same.
 */
export async function runAfterHooks(restore: HookedRestore, isDone: boolean): Promise<void> {
  const { deps, run, ctx, checks } = restore;
  if (run.plan.hooks.length === 0) return;
  const { before, after, unknown } = chosenHooks(deps.config, run.plan.hooks);
  const isKnown = (name: string): boolean => checks.some((check) => check.name === checkOf(name));
  if (!isDone && !before.some(({ name }) => isKnown(name))) return;
  for (const name of unknown.filter((one) => !isKnown(one)))
    restore.found({ ...started(name), reason: 'this server knows no command of this name' });
  // A cancel and a worker that stops must not leave the application down.
  const calm = { ...ctx, signal: new AbortController().signal };
  for (const hook of after) {
    if (isKnown(hook.name)) continue;
    restore.enter('hooks');
    restore.found(started(hook.name));
    try {
      await restore.note({ phase: 'hooks' });
      restore.found(await runHook(deps.config, hook, occasionOf(restore), restore.say, calm));
    } catch (thrown) {
      const error = toAppError(thrown);
      ctx.log.warn('a command after a restore could not be run', { hook: hook.name, error: thrown });
      restore.found({ ...started(hook.name), verdict: 'FAILED', reason: error.message });
      // Whoever has taken the row runs the others.
      if (error.code === 'interrupted') return;
    }
  }
}

/**
 * Ends the commands before that ran when the worker of this restore died, where they still run on this machine: nobody holds them to
 * their limit any more, and they would stop what those afterwards start.
 */
export async function endLeftHooks({ deps, run, checks, say }: HookedRestore): Promise<void> {
  for (const { name, command } of chosenHooks(deps.config, run.plan.hooks).before) {
    if (!checks.some((check) => check.name === checkOf(name) && check.verdict === 'UNKNOWN')) continue;
    if (await endLeftHook({ command }, occasionOf({ run })))
      say(`hook ${name}: it was running still, and was ended with everything it had started`);
  }
}

/** Does `act` between the chosen commands. Throws what `act` or a command before it throws, once the commands after have run. */
export async function withHooks<T>(restore: HookedRestore, act: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    await runBeforeHooks(restore);
    result = await act();
  } catch (thrown) {
    await runAfterHooks(restore, false);
    throw thrown;
  }
  await runAfterHooks(restore, true);
  return result;
}
