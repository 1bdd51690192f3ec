import { spawn } from 'node:child_process';

export interface LoggedProcess {
  readonly pid: number;
  /** The last 200,000 characters it printed, stdout and stderr as they came. */
  log(): string;
  /** Resolves with the match once the log has one; throws with the log when it ends or `timeoutMs` passes before. */
  until(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** SIGTERM, SIGKILL for its whole group after `limitMs`; resolves with the exit code, null when it had to be killed. */
  stop(limitMs: number): Promise<number | null>;
}

/** A program of this test's own, leader of its own process group. */
export function startLogged(
  command: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): LoggedProcess {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...options.env } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-200_000);
    });
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      text += `\n${error.message}`;
      resolve(null);
    });
    child.once('exit', (code) => {
      resolve(code);
    });
  });
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  return {
    pid,
    log: () => text,
    until: async (pattern, timeoutMs) => {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const match = pattern.exec(text);
        if (match !== null) return match;
        if (isOver) throw new Error(`${command.join(' ')} ended before ${String(pattern)}:\n${text}`);
        if (Date.now() > end)
          throw new Error(`${command.join(' ')} did not print ${String(pattern)}:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    stop: async (limitMs) => {
      if (pid === 0) return null;
      const signal = (which: NodeJS.Signals): void => {
        try {
          process.kill(which === 'SIGKILL' ? -pid : pid, which);
        } catch {
          // It ended by itself in this very moment.
        }
      };
      if (!isOver) signal('SIGTERM');
      const timer = setTimeout(() => {
        signal('SIGKILL');
      }, limitMs);
      const code = await exited;
      clearTimeout(timer);
      // Whatever it left behind in its group.
      signal('SIGKILL');
      return code;
    },
  };
}
