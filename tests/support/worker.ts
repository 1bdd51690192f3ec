import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WORKER_COMMAND } from '#lib/platform/worker-command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface WorkerProcess {
  readonly pid: number;
  /** All it has printed so far: JSON lines on stderr. */
  readonly log: () => string;
  /** Resolves when the log holds this text; throws with the log when it does not come. */
  until(text: string, timeoutMs?: number): Promise<void>;
  /** Sends the signal and resolves with the exit code (null when the signal itself killed it). */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** The exit code; resolves when it is gone. */
  readonly exited: Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `node worker/main.ts` as a process of its own, with this environment and nothing else of ours. */
export function startWorkerProcess(environment: Readonly<Record<string, string>>): WorkerProcess {
  const child = spawn(process.execPath, [...WORKER_COMMAND.nodeArgs, WORKER_COMMAND.script], {
    cwd: ROOT,
    env: {
      NODE_ENV: 'production',
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      HOLDFAST_LOG_LEVEL: 'info',
      ...WORKER_COMMAND.env,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-200_000);
    });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      resolve(code);
    });
  });
  const kill = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return {
    pid: child.pid ?? -1,
    log: () => text,
    until: async (wanted, timeoutMs = 30_000) => {
      const end = Date.now() + timeoutMs;
      while (!text.includes(wanted)) {
        if (child.exitCode !== null) throw new Error(`the worker ended before "${wanted}":\n${text}`);
        if (Date.now() > end) throw new Error(`the worker did not print "${wanted}":\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    kill,
    exited,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await kill('SIGKILL');
    },
  };
}

/** Asks until `look` answers something but null or false; throws with what `explain` says when it does not. */
export async function eventually<T>(
  look: () => Promise<T | null | false | undefined>,
  explain: () => string,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await look().catch(() => null);
    if (answer !== null && answer !== false && answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`it did not happen: ${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
