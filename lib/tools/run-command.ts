import type { Readable } from 'node:stream';
import type { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import { spawnTool, type ToolCommand } from './spawn-tool.ts';
import { stderrTail } from './stderr-tail.ts';

const KILL_AFTER_MS = 3000;
/** What it started may hold its output open for as long as it likes. */
const OUTPUT_MS = 500;

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was still running at its limit, and was ended with everything it had started in its process group. */
  readonly isTimedOut: boolean;
  /** The last 64 KiB of what it printed, and of what it printed to stderr. */
  readonly output: string;
  readonly startError: AppError | undefined;
}

/**
 * Runs a program of somebody else's to its end, in a process group of its own, for `limitMs` at most. Its end is that of the program
 * itself: a service it has started goes on. Never throws for what the program did; throws the reason of an aborted signal once
 * the group was ended.
 */
export async function runCommand(
  ctx: Pick<RunContext, 'signal'>,
  command: ToolCommand,
  limitMs: number,
): Promise<CommandEnd> {
  ctx.signal.throwIfAborted();
  const { child, startError, exit } = spawnTool(command, ['ignore', 'pipe']);
  const printed = stderrTail([]);
  const complaints = stderrTail([]);
  const keep = (stream: Readable | null, tail: typeof printed): void => {
    stream?.on('data', (chunk: Buffer) => {
      tail.add(chunk);
    });
  };
  keep(child.stdout, printed);
  keep(child.stderr, complaints);

  const ended = new Promise<Pick<CommandEnd, 'code' | 'signal'>>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
    // One that could not be started never exits.
    void exit.then(resolve);
  });
  // The whole group, also once the program itself has gone: what it started may not have listened.
  const endGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Nothing is left of it.
    }
  };
  const stop = async (): Promise<void> => {
    endGroup('SIGTERM');
    await within(ended, KILL_AFTER_MS);
    endGroup('SIGKILL');
    await ended;
  };
  const over = new AbortController();
  let stopping: Promise<void> | undefined;
  const limit = setTimeout(() => {
    over.abort();
    stopping ??= stop();
  }, limitMs);
  const onAbort = (): void => {
    stopping ??= stop();
  };
  ctx.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { code, signal } = await ended;
    await stopping;
    await within(exit, OUTPUT_MS);
    const isTimedOut = over.signal.aborted;
    if (!isTimedOut) ctx.signal.throwIfAborted();
    const output = [printed.text(), complaints.text()].filter((text) => text !== '').join('\n');
    return { code, signal, isTimedOut, output, startError: startError() };
  } finally {
    clearTimeout(limit);
    ctx.signal.removeEventListener('abort', onAbort);
    // Else what it has started would keep this process reading.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** Waits for it, or so long. */
async function within(awaited: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([awaited, over]);
  clearTimeout(timer);
}
