import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { stderrTail } from './stderr-tail.ts';

/** How far a program steps back whose work can wait, for the database server and whatever else the machine is there for. */
export const NICENESS = 10;

export interface ToolExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last 64 KiB of stderr, secrets masked. */
  readonly stderrTail: string;
}

/** A program and what it is given. */
export interface ToolCommand {
  /** An absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** The child's whole environment but for PATH, LC_ALL and TZ. Secrets go here, never in `args`. */
  readonly env?: Readonly<Record<string, string | Secret>>;
  /** The folder it starts in; default this process's own. */
  readonly cwd?: string;
  /** The user to run as, where this process may change users. */
  readonly identity?: { readonly uid: number; readonly gid: number };
  /** How far it steps back for others: 0 to 19. What it starts steps back with it. */
  readonly niceness?: number;
  /** Sees each whole line of stderr as it comes, secrets and all: not for a log. */
  tapLine?(line: string): void;
}

export interface SpawnedTool {
  readonly name: string;
  readonly child: ChildProcess;
  /** Settles when the process has gone and its pipes are read, and never rejects. */
  readonly exit: Promise<ToolExit>;
  /** What kept it from being started; undefined before `exit` settled, and where it was started. */
  readonly startError: () => AppError | undefined;
  /** Signals it and what it started; nothing when it has gone. */
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Starts a program without a shell, in a process group of its own, and keeps the end of its stderr. */
export function spawnTool(tool: ToolCommand, stdio: readonly [unknown, unknown]): SpawnedTool {
  const name = tool.file.slice(tool.file.lastIndexOf('/') + 1);
  const secrets: string[] = [];
  const env: Record<string, string> = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  for (const [key, value] of Object.entries(tool.env ?? {})) {
    env[key] = value instanceof Secret ? value.reveal() : value;
    if (value instanceof Secret) secrets.push(value.reveal());
  }
  const child = spawn(tool.file, [...tool.args], {
    env: env as NodeJS.ProcessEnv,
    ...(tool.cwd === undefined ? {} : { cwd: tool.cwd }),
    ...tool.identity,
    // Its own group: Ctrl-C in a terminal must reach us alone, and stopping it must reach what it started.
    detached: true,
    stdio: [...stdio, 'pipe'] as StdioOptions,
  });
  if (tool.niceness !== undefined && child.pid !== undefined) stepBack(child.pid, tool.niceness);
  const tail = stderrTail(secrets);
  child.stderr?.on('data', (chunk: Buffer) => {
    tail.add(chunk);
  });
  if (tool.tapLine !== undefined && child.stderr !== null) {
    const lines = createInterface({ input: child.stderr, crlfDelay: Infinity });
    lines.on('line', (line) => {
      tool.tapLine?.(line);
    });
  }

  let spawnError: Error | undefined;
  let hasExited = false;
  child.once('exit', () => {
    hasExited = true;
  });
  const exit = new Promise<ToolExit>((resolve) => {
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      spawnError = error;
      resolve({ code: null, signal: null, stderrTail: '' });
    });
    // 'close' and not 'exit': only then has all of stderr been read.
    child.once('close', (code, signal) => {
      resolve({ code, signal, stderrTail: tail.text() });
    });
  });
  return {
    name,
    child,
    exit,
    startError: () =>
      spawnError === undefined
        ? undefined
        : new AppError('tool_missing', `${name} could not be started`, {
            hint: `Check that ${tool.file} exists and may be executed by this user.`,
            cause: spawnError,
          }),
    kill: (signal) => {
      if (child.pid === undefined || hasExited) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        child.kill(signal);
      }
    },
  };
}

function stepBack(pid: number, niceness: number): void {
  try {
    setPriority(pid, Math.min(19, getPriority() + niceness));
  } catch {
    // It has gone already, or this system has no such thing; it does its work all the same.
  }
}
