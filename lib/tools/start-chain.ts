import { Readable, Writable } from 'node:stream';
import type { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import { spawnTool, type SpawnedTool, type ToolCommand, type ToolExit } from './spawn-tool.ts';

const KILL_AFTER_MS = 3000;

/** How one program of a chain ended. */
export interface ChainLink {
  readonly name: string;
  readonly exit: ToolExit;
  /** `tool_missing`, where it could not be started. */
  readonly startError: AppError | undefined;
}

export interface ChainRun {
  /** What goes into the first program; it errors when that stops reading. End it to end the chain. Closed where that reads a file. */
  readonly input: Writable;
  /** What the last program prints; empty where it goes elsewhere. */
  readonly output: Readable;
  /** Settles when every process has gone, and never rejects: in the order of the chain, how each ended. */
  readonly links: Promise<readonly ChainLink[]>;
  /** Stops every process: SIGTERM, then SIGKILL. */
  stop(): void;
}

/**
 * Starts programs joined by pipes of the kernel, so that what passes between them costs this process nothing. What the first
 * one is given is written here, read from a file by its descriptor, or nothing; what the last one prints is read here, goes nowhere, or
 * into a file. An aborted `ctx.signal` stops them all.
 */
export function startChain(
  ctx: Pick<RunContext, 'signal'>,
  tools: readonly [ToolCommand, ...ToolCommand[]],
  output: 'pipe' | 'ignore' | number,
  given: 'pipe' | 'ignore' | number = 'pipe',
): ChainRun {
  const spawned: SpawnedTool[] = [];
  for (const [index, tool] of tools.entries()) {
    const before = spawned.at(-1)?.child.stdout ?? null;
    const isLast = index === tools.length - 1;
    spawned.push(spawnTool(tool, [before ?? given, isLast ? output : 'pipe']));
    // While this process holds the reading end too, a program whose reader has gone would never learn of it.
    before?.destroy();
  }
  const input = spawned[0]?.child.stdin ?? null;
  // Why it stopped reading is what its exit tells.
  input?.on('error', () => undefined);

  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const stop = (): void => {
    if (hasEnded) return;
    input?.destroy();
    for (const { kill } of spawned) kill('SIGTERM');
    timer ??= setTimeout(() => {
      for (const { kill } of spawned) kill('SIGKILL');
    }, KILL_AFTER_MS);
  };
  const links = Promise.all(
    spawned.map(async ({ name, exit, startError }) => ({
      name,
      exit: await exit,
      startError: startError(),
    })),
  ).finally(() => {
    hasEnded = true;
    clearTimeout(timer);
    ctx.signal.removeEventListener('abort', stop);
  });
  if (ctx.signal.aborted) stop();
  else ctx.signal.addEventListener('abort', stop, { once: true });
  return {
    input: input ?? new Writable().destroy(),
    output: spawned.at(-1)?.child.stdout ?? Readable.from([]),
    links,
    stop,
  };
}
