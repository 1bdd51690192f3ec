import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { VerifyEvent, type VerifyOrder, type VerifyOutcome } from '../contracts/verification.ts';
import { AppError, toAppError, runErrorOf } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { verifierEnvironment } from '../platform/verifier-environment.ts';
import { WORKER_COMMAND } from '../platform/worker-command.ts';
import { readLines } from '../tools/read-lines.ts';
import { NICENESS } from '../tools/spawn-tool.ts';
import { startTool } from '../tools/start-tool.ts';

const PROGRAM = fileURLToPath(new URL('../../worker/verifier.ts', import.meta.url));
/** It has a cluster to stop and files to remove; what it cannot do by then, the next sweep does. */
const KILL_AFTER_MS = 20_000;

const endedUnknown = (error: AppError): VerifyOutcome => ({
  status: 'UNKNOWN',
  proven: false,
  restoreMs: null,
  place: null,
  error: runErrorOf(error),
});

/** A process that dies has said nothing about the backup. */
const silent = (cause?: unknown): AppError =>
  new AppError('tool_failed', 'the verifying process ended without an outcome', {
    hint: 'Verify this backup again; if it comes back, read the log of the worker.',
    cause,
  });

/**
 * Verifies in a process of its own, which steps back for everything else on the machine. `onEvent` sees all events but the outcome,
 * which is returned. Never throws: a process that dies, and an aborted `ctx.signal`, are UNKNOWN with a code. When it
 * returns, the process has gone.
 */
export async function startVerifier(
  config: Config,
  order: VerifyOrder,
  ctx: Pick<RunContext, 'signal' | 'log'>,
  onEvent: (event: Exclude<VerifyEvent, { type: 'outcome' }>) => void,
): Promise<VerifyOutcome> {
  let env: ReturnType<typeof verifierEnvironment>;
  try {
    // Where a copy may be restored beside its source, this opens the password that is kept for it.
    env = verifierEnvironment(config, order.destination);
  } catch (thrown) {
    return endedUnknown(toAppError(thrown));
  }
  const run = startTool(ctx, {
    file: process.execPath,
    args: [...WORKER_COMMAND.nodeArgs, PROGRAM],
    env,
    stdin: Readable.from([Buffer.from(JSON.stringify(order))]),
    niceness: NICENESS,
    killAfterMs: KILL_AFTER_MS,
  });
  let outcome: VerifyOutcome | undefined;
  try {
    for await (const line of readLines(run.stdout)) {
      const event = VerifyEvent.parse(JSON.parse(line));
      if (event.type === 'outcome') ({ outcome } = event);
      else onEvent(event);
    }
  } catch (thrown) {
    run.stdout.destroy();
    await run.exit;
    if (ctx.signal.aborted) return endedUnknown(toAppError(ctx.signal.reason));
    const error = thrown instanceof AppError ? thrown : silent(thrown);
    ctx.log.warn('the verifying process failed', { verification: order.id, error });
    return endedUnknown(error);
  }
  const { stderrTail } = await run.exit;
  if (stderrTail !== '')
    ctx.log.warn('the verifying process said', { verification: order.id, stderr: stderrTail });
  if (ctx.signal.aborted) return endedUnknown(toAppError(ctx.signal.reason));
  return outcome ?? endedUnknown(silent());
}
