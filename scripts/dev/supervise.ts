import { spawn } from 'node:child_process';
import { createWriteStream, renameSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { identityOf } from '#lib/tools/process-identity.ts';
import { stopProcess } from './stop-process.ts';
import type { ChildRecord } from './data-folder.ts';

export interface ServiceOptions {
  readonly name: string;
  /** Arguments to this Node. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** How long it may take to stop cleanly before SIGKILL. */
  readonly stopLimitMs: number;
  readonly say: (line: string) => void;
  /** A process was started or is gone. */
  readonly onChange: () => void;
  /** It died before it was ready, or too often in a row; it is not started again. */
  readonly onGiveUp: (reason: string) => void;
}

export interface Service {
  readonly name: string;
  record(): ChildRecord | null;
  /** From now on a death is a mishap, after which it is started again. */
  markReady(): void;
  stop(): Promise<void>;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const RESTARTS_IN_A_ROW = 5;
const STEADY_MS = 60_000;

function keepOneOldLog(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
}

/** What a log line is worth telling at the terminal, or null. JSON lines speak by level, plain ones by stream. */
export function lineForTerminal(line: string, stream: 'stdout' | 'stderr'): string | null {
  if (line.startsWith('{')) {
    try {
      const entry = JSON.parse(line) as { level?: unknown; msg?: unknown; error?: { message?: unknown } };
      if (!['warn', 'error', 'fatal'].includes(String(entry.level))) return null;
      const detail = typeof entry.error?.message === 'string' ? ` (${entry.error.message})` : '';
      return `${String(entry.level)}: ${String(entry.msg)}${detail}`;
    } catch {
      return line;
    }
  }
  return stream === 'stderr' && line.trim() !== '' ? line : null;
}

/** Runs a long-lived Node program, keeps its log, and starts it again with growing pauses when it dies. */
export function superviseService(options: ServiceOptions): Service {
  keepOneOldLog(options.logFile);
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  let current: ChildRecord | null = null;
  let isReady = false;
  let isStopping = false;
  let deathsInARow = 0;
  let restart: NodeJS.Timeout | undefined;
  let gone: Promise<void> = Promise.resolve();

  const start = () => {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, options.args, {
      cwd: options.cwd,
      env: options.env,
      // A group of its own: Ctrl-C at the terminal reaches only the quickstart, which stops things in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[stream] }).on('line', (line) => {
        log.write(`${line}\n`);
        const shown = isStopping ? null : lineForTerminal(line, stream);
        if (shown !== null) options.say(`${options.name} | ${shown}`);
      });
    }
    current =
      child.pid === undefined
        ? null
        : { name: options.name, pid: child.pid, identity: identityOf(child.pid) };
    options.onChange();
    gone = new Promise((resolve) => {
      const onEnd = (how: string) => {
        current = null;
        resolve();
        if (isStopping) return;
        options.onChange();
        deathsInARow = performance.now() - startedAtMs > STEADY_MS ? 1 : deathsInARow + 1;
        if (!isReady || deathsInARow > RESTARTS_IN_A_ROW) {
          options.onGiveUp(`the ${options.name} ended (${how})`);
          return;
        }
        const pauseMs = 1000 * 2 ** (deathsInARow - 1);
        options.say(
          `The ${options.name} ended (${how}). Starting it again in ${String(pauseMs / 1000)} s; its log is ${options.logFile}.`,
        );
        restart = setTimeout(start, pauseMs);
      };
      child.once('error', (error) => {
        onEnd(error.message);
      });
      child.once('exit', (code, signal) => {
        onEnd(signal ?? `exit code ${String(code)}`);
      });
    });
  };
  start();
  return {
    name: options.name,
    record: () => current,
    markReady: () => {
      isReady = true;
    },
    stop: async () => {
      isStopping = true;
      clearTimeout(restart);
      if (current !== null) {
        const steps = [{ signal: 'SIGTERM', limitMs: options.stopLimitMs }] as const;
        const last = await stopProcess(current.pid, current.identity, steps, { isGroup: true });
        if (last === 'SIGKILL')
          options.say(
            `The ${options.name} did not stop within ${String(options.stopLimitMs / 1000)} s and was killed.`,
          );
      }
      await gone;
      await new Promise<void>((resolve) => {
        log.end(resolve);
      });
    },
  };
}
