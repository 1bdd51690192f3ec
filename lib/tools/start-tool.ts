import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import { openPipe } from './open-pipe.ts';
import { spawnTool, type ToolCommand, type ToolExit } from './spawn-tool.ts';
import { feed, judgeBoth } from './tool-input.ts';
import { ToolOutput } from './tool-output.ts';

/** Of a program that heeds EPIPE and not the signal; a shell says the same of one that the signal ended. */
const SIGPIPE_CODE = 141;

export interface Tool extends ToolCommand {
  /** Read to its end by the child; its error ends the child and becomes the error of `stdout`. */
  readonly stdin?: Readable;
  /**
   * Its `stdout` is to be the `stdin` of another program: the bytes go there without passing through this process, and `tap` sees none
   * of them. Read here all the same, `stdout` is as ever.
   */
  readonly isForProgram?: boolean;
  /** From SIGTERM to SIGKILL. Default 3,000. */
  readonly killAfterMs?: number;
  /** Sees each chunk of stdout as it is passed on; complete when `stdout` has ended. */
  tap?(chunk: Buffer): void;
  /** Exit codes that are a success; default 0 alone. */
  readonly goodCodes?: readonly number[];
  /** Says what an unsuccessful exit means; default `tool_failed` with the last line of stderr. */
  failure?(exit: ToolExit): AppError;
}

export interface ToolRun {
  readonly pid: number | undefined;
  /**
   * Ends only after the process exited well (0, or what `goodCodes` names); otherwise errors, so that reading to the end is proof of success. Destroying
   * it stops the process: SIGTERM, then SIGKILL; its `close` comes after the process has gone.
   */
  readonly stdout: Readable;
  /** Settles when the process has gone, and never rejects. */
  readonly exit: Promise<ToolExit>;
}

/** `pg_dump: error: connection failed` from a long stderr: what one line can say of it. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

/** The failure nobody knows better: which program, how it ended, its last line. */
export function toolFailed(name: string, exit: ToolExit): AppError {
  const how =
    exit.signal !== null ? `was ended by ${exit.signal}` : `failed with exit code ${String(exit.code)}`;
  const line = lastLine(exit.stderrTail);
  return new AppError('tool_failed', `${name} ${how}${line === '' ? '' : `: ${line}`}`, {
    hint:
      exit.signal === null
        ? `Read what ${name} said; the log of the worker holds more of it.`
        : `Find out what ended ${name}: the log of the operating system tells when memory ran out.`,
    fields: { tool: name, exitCode: exit.code, exitSignal: exit.signal },
  });
}

/**
 * Starts a program without a shell. An aborted `ctx.signal` stops it and makes its reason the error of `stdout`. A program
 * that cannot be started is `tool_missing`.
 */
export function startTool(ctx: Pick<RunContext, 'signal'>, tool: Tool): ToolRun {
  const { stdin } = tool;
  const pipe = tool.isForProgram === true ? openPipe() : undefined;
  const given = stdin instanceof ToolOutput ? stdin.give() : undefined;
  const { name, child, exit, startError, kill } = spawnTool(tool, [
    stdin === undefined ? 'ignore' : (given ?? 'pipe'),
    pipe?.writeEnd ?? 'pipe',
  ]);
  // While one is open here, who reads sees no end, and who writes does not learn that its reader has gone.
  for (const end of [pipe?.writeEnd, given]) if (end !== undefined) closeSync(end);

  const stdout = new ToolOutput({
    from: pipe?.readEnd ?? child.stdout,
    stop: async () => {
      ctx.signal.removeEventListener('abort', onAbort);
      kill('SIGTERM');
      const timer = setTimeout(() => {
        kill('SIGKILL');
      }, tool.killAfterMs ?? 3000);
      await exit;
      clearTimeout(timer);
    },
    ...(tool.tap === undefined ? {} : { tap: tool.tap.bind(tool) }),
  });
  const onAbort = (): void => {
    stdout.destroy(ctx.signal.reason as Error);
  };
  const end = (ended: ToolExit): void => {
    if (stdout.destroyed) return;
    if (isGood(tool, ended)) {
      ctx.signal.removeEventListener('abort', onAbort);
      stdout.allow();
    } else {
      stdout.hasLostReader = ended.signal === 'SIGPIPE' || ended.code === SIGPIPE_CODE;
      stdout.destroy(startError() ?? tool.failure?.(ended) ?? toolFailed(name, ended));
    }
  };
  if (stdin === undefined) void exit.then(end);
  else {
    const fed = { name, stdin, stdout, exit, end, isGood: isGood.bind(null, tool) };
    if (given === undefined) feed(fed, child.stdin);
    else void judgeBoth(fed);
    stdout.once('close', () => stdin.destroy());
  }
  if (ctx.signal.aborted) onAbort();
  else ctx.signal.addEventListener('abort', onAbort, { once: true });
  return { pid: child.pid, stdout, exit };
}

const isGood = (tool: Tool, { code }: ToolExit): boolean =>
  code !== null && (tool.goodCodes ?? [0]).includes(code);
