import { spawn } from 'node:child_process';

export interface LimitedRun {
  /** Exited 0 within the limit. */
  readonly isGood: boolean;
  /** Why not, or ''. */
  readonly reason: string;
  /** What it printed; '' where it printed to the terminal. */
  readonly output: string;
}

export interface LimitedRunOptions {
  readonly cwd: string;
  readonly limitMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Pass the output on as it comes, instead of keeping it. */
  readonly isLive?: boolean;
}

const running = new Set<number>();
const killGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself in this very moment.
  }
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // Each child leads a group, so the terminal's Ctrl-C does not reach it.
    for (const pid of running) killGroup(pid, 'SIGTERM');
    setTimeout(() => {
      for (const pid of running) killGroup(pid, 'SIGKILL');
      process.exit(130);
    }, 3000);
  });
}

/** Runs a program to its end or its limit, and leaves nothing of its process group behind. Never rejects. */
export function runLimited(
  command: readonly string[],
  { cwd, limitMs, env = process.env, isLive = false }: LimitedRunOptions,
): Promise<LimitedRun> {
  return new Promise((resolve) => {
    const [file = '', ...args] = command;
    const child = spawn(file, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', isLive ? 'inherit' : 'pipe', isLive ? 'inherit' : 'pipe'],
    });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-200_000);
      });
    }
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (pid !== undefined) {
        killGroup(pid, 'SIGTERM');
        setTimeout(() => {
          killGroup(pid, 'SIGKILL');
        }, 5000).unref();
      }
    }, limitMs);
    const end = (reason: string): void => {
      clearTimeout(timer);
      if (pid !== undefined) {
        running.delete(pid);
      }
      resolve({ isGood: reason === '', reason, output });
    };
    child.once('error', (error) => {
      end(error.message);
    });
    let reason = '';
    child.once('exit', (code, signal) => {
      if (isLate) reason = `took longer than ${String(Math.round(limitMs / 1000))} s`;
      else if (code === null) reason = `was ended by ${String(signal)}`;
      else if (code !== 0) reason = `exit code ${String(code)}`;
      // What it left running holds the pipes open, and "close" would never come.
      if (pid !== undefined) killGroup(pid, 'SIGKILL');
    });
    // Only now has all it printed been read.
    child.once('close', () => {
      end(reason);
    });
  });
}
