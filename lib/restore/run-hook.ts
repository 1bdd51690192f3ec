import { homedir } from 'node:os';
import type { Check } from '../contracts/verification.ts';
import { AppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import type { CommandHook, HealthHook, Hook } from '../platform/hooks-file.ts';
import { endLeftCommand } from '../tools/end-left-command.ts';
import { runCommand } from '../tools/run-command.ts';
import type { SourceContext } from '../sources/source.ts';

/** What a hook may know of the restore it runs for; nothing of it is secret. */
export interface HookOccasion {
  readonly restoreId: string;
  readonly mode: string;
  readonly database: string;
}

const ASK_EVERY_MS = 1000;
/** One answer; a service that starts may take a connection and say nothing. */
const ANSWER_MS = 5000;
const OUTPUT_CHARACTERS = 4000;
/** By which a command that was left is known again. */
const RESTORE_ID = 'HOLDFAST_RESTORE_ID';

type Outcome = Pick<Check, 'found' | 'reason'> & { readonly isGood: boolean };

/**
 * Runs one hook to its end, or to its limit, and tells how that was and what it printed. Throws the reason of the signal; the
 * command was ended then, with all it had started.
 */
export async function runHook(
  config: Config,
  hook: Hook,
  occasion: HookOccasion,
  say: (line: string) => void,
  ctx: SourceContext,
): Promise<Check> {
  const startedAt = ctx.clock.now().getTime();
  say(`hook ${hook.name}: started`);
  const { isGood, found, reason } =
    'command' in hook
      ? await runProgram(config, hook, occasion, say, ctx)
      : await untilHealthy(hook, startedAt, ctx);
  const durationMs = ctx.clock.now().getTime() - startedAt;
  say(`hook ${hook.name}: ${isGood ? (found ?? 'done') : (reason ?? 'failed')}`);
  return {
    name: `hook:${hook.name}`,
    verdict: isGood ? 'PASSED' : 'FAILED',
    isRequired: false,
    expected: null,
    found,
    reason,
    durationMs,
  };
}

/** Ends a command that goes on although the worker that started it has died. False where none does on this machine. */
export const endLeftHook = (
  { command }: Pick<CommandHook, 'command'>,
  { restoreId }: Pick<HookOccasion, 'restoreId'>,
): Promise<boolean> => endLeftCommand(command, `${RESTORE_ID}=${restoreId}`);

async function runProgram(
  { searchPath }: Config,
  { name, command, timeoutSeconds }: CommandHook,
  { restoreId, mode, database }: HookOccasion,
  say: (line: string) => void,
  ctx: SourceContext,
): Promise<Outcome> {
  const [file = '', ...args] = command;
  const { code, signal, isTimedOut, output, startError } = await runCommand(
    ctx,
    {
      file,
      args,
      cwd: '/',
      // Nothing else: a hook has no business with the passwords of this installation.
      env: {
        ...(searchPath.length === 0 ? {} : { PATH: searchPath.join(':') }),
        HOME: homedir(),
        LANG: 'C.UTF-8',
        LC_ALL: 'C.UTF-8',
        [RESTORE_ID]: restoreId,
        HOLDFAST_RESTORE_MODE: mode,
        HOLDFAST_RESTORE_DATABASE: database,
      },
    },
    timeoutSeconds * 1000,
  );
  const shown = output.trimEnd();
  if (shown !== '') {
    const isCut = shown.length > OUTPUT_CHARACTERS;
    say(`hook ${name} printed:${isCut ? ' […]' : ''}\n${shown.slice(-OUTPUT_CHARACTERS)}`);
  }
  if (startError !== undefined) return { isGood: false, found: null, reason: startError.message };
  if (isTimedOut) {
    const reason = `it was ended after ${String(timeoutSeconds)} s, with everything it had started`;
    return { isGood: false, found: null, reason };
  }
  if (signal !== null) return { isGood: false, found: null, reason: `it was ended by ${signal}` };
  const found = `exit code ${String(code)}`;
  return code === 0 ? { isGood: true, found, reason: null } : { isGood: false, found, reason: found };
}

async function untilHealthy(
  { healthUrl, timeoutSeconds }: HealthHook,
  startedAt: number,
  ctx: SourceContext,
): Promise<Outcome> {
  const giveUpAt = startedAt + timeoutSeconds * 1000;
  let said: string | undefined;
  for (;;) {
    const left = giveUpAt - ctx.clock.now().getTime();
    if (left <= 0) {
      const last = said ?? 'nothing';
      const reason = `no answer of 2xx within ${String(timeoutSeconds)} s; the last was ${last}`;
      return { isGood: false, found: last, reason };
    }
    try {
      // Another place that answers says nothing of this one.
      const response = await fetch(healthUrl, {
        redirect: 'manual',
        signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(Math.min(ANSWER_MS, left))]),
      });
      await response.body?.cancel();
      said = `status ${String(response.status)}`;
      if (response.ok) return { isGood: true, found: said, reason: null };
    } catch (thrown) {
      ctx.signal.throwIfAborted();
      // One that was cut off because the time is up had no time to say anything: what was said before it counts.
      const isCut = left < ANSWER_MS && thrown instanceof Error && thrown.name === 'TimeoutError';
      if (isCut) continue;
      const cause: unknown = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
      said = cause instanceof Error ? cause.message : 'no answer';
    }
    await ctx.clock.sleep(
      Math.min(ASK_EVERY_MS, Math.max(1, giveUpAt - ctx.clock.now().getTime())),
      ctx.signal,
    );
  }
}

/** Those of the server's hooks that a plan names, in the order of the server's file, and the names that it does not know. */
export function chosenHooks(
  { hooks }: Pick<Config, 'hooks'>,
  names: readonly string[],
): Config['hooks'] & { readonly unknown: readonly string[] } {
  const isChosen = ({ name }: Hook): boolean => names.includes(name);
  const known = new Set([...hooks.before, ...hooks.after].map(({ name }) => name));
  return {
    before: hooks.before.filter(isChosen),
    after: hooks.after.filter(isChosen),
    unknown: names.filter((name) => !known.has(name)),
  };
}

/** Why a restore stops before anything was touched. */
export const hookFailed = (message: string): AppError =>
  new AppError('hook_failed', message, {
    hint: 'The live database is as before. Read what the command printed in the log of this restore, mend it, and start again; or leave it out.',
  });
