import { Readable } from 'node:stream';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import { spawnTool, type ToolCommand, type ToolExit } from './spawn-tool.ts';

export interface Tool extends ToolCommand {
  /** Read to its end by the child; its error ends the child and becomes the error of `stdout`. */
  readonly stdin?: Readable;
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
  const { name, child, exit, startError, kill } = spawnTool(tool, [
    tool.stdin === undefined ? 'ignore' : 'pipe',
    'pipe',
  ]);
  const failure = (ended: ToolExit): AppError =>
    startError() ?? tool.failure?.(ended) ?? toolFailed(name, ended);

  const source = child.stdout;
  const stdout = new Readable({
    highWaterMark: 256 * 1024,
    read() {
      source?.resume();
    },
    destroy(error, done) {
      ctx.signal.removeEventListener('abort', onAbort);
      kill('SIGTERM');
      const timer = setTimeout(() => {
        kill('SIGKILL');
      }, tool.killAfterMs ?? 3000);
      // What the child still has to say is nobody's business, but unread it would keep 'close' from coming.
      source?.removeAllListeners('data').resume();
      void exit.then(() => {
        clearTimeout(timer);
        done(error);
      });
    },
  });
  const onAbort = (): void => {
    stdout.destroy(ctx.signal.reason as Error);
  };
  // Nobody may be listening yet when a run is cancelled; whoever reads later still gets the error.
  stdout.on('error', () => undefined);
  source?.on('data', (chunk: Buffer) => {
    tool.tap?.(chunk);
    if (!stdout.push(chunk)) source.pause();
  });
  source?.pause();
  const { stdin } = tool;
  void exit.then((ended) => {
    if (stdout.destroyed) return;
    if (ended.code === null || !(tool.goodCodes ?? [0]).includes(ended.code)) {
      stdout.destroy(failure(ended));
    } else if (stdin !== undefined && !stdin.readableEnded) {
      stdout.destroy(new AppError('tool_failed', `${name} stopped reading before the end of its input`));
    } else {
      ctx.signal.removeEventListener('abort', onAbort);
      stdout.push(null);
    }
  });

  if (stdin !== undefined && child.stdin !== null) {
    const sink = child.stdin;
    let hasStopped = false;
    sink.on('error', () => {
      // Why the child stopped reading is what its exit tells; EPIPE would only hide that.
      hasStopped = true;
      stdin.destroy();
    });
    stdin.once('error', (error) => {
      stdout.destroy(error);
    });
    stdin.once('close', () => {
      // Closing the pipe here would look like the end of the data to the child, so it has to go first.
      if (!stdin.readableEnded && !hasStopped) {
        stdout.destroy(new AppError('tool_failed', `the input of ${name} was cut off`));
      }
    });
    stdout.once('close', () => {
      stdin.destroy();
      sink.destroy();
    });
    stdin.pipe(sink);
  }
  if (ctx.signal.aborted) onAbort();
  else ctx.signal.addEventListener('abort', onAbort, { once: true });
  return { pid: child.pid, stdout, exit };
}
