import { PassThrough } from 'node:stream';
import type { ToolExit } from '../../tools/spawn-tool.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { ServerIdentity } from '../recovery-server.ts';
import type { SourceContext } from '../source.ts';

/** A fast shutdown writes all that was replayed to the disk. */
const STOP_WITHIN_MS = 120_000;
const QUIT_WITHIN_MS = 5_000;

/**
 * The server ends with its input: that closes when this process ends, however it ends. It is asked again and again, for it hears nothing
 * before it has come so far.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null &
server=$!
( read -r word <&3; while kill -INT "$server"; do sleep 1; done ) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$server"
code=$?
kill "$guard" 2>/dev/null
exit "$code"`;

export interface GuardedServer {
  readonly exit: Promise<ToolExit>;
  readonly hasExited: () => boolean;
  /** A fast shutdown, an immediate one where that takes too long. A second call waits for the first. */
  stop(): Promise<void>;
}

/** Starts a server that does not outlive this process. Its end is the caller's to choose: an aborted signal does not stop it. */
export function startGuardedServer(
  ctx: SourceContext,
  run: {
    readonly file: string;
    readonly args: readonly string[];
    readonly identity: ServerIdentity | null;
    readonly tapLine: (line: string) => void;
  },
): GuardedServer {
  const input = new PassThrough();
  const server = startTool(
    // SIGTERM, which an aborted run would send, waits for every client.
    { signal: new AbortController().signal },
    {
      file: '/bin/sh',
      args: ['-c', GUARD, 'sh', run.file, ...run.args],
      stdin: input,
      tapLine: run.tapLine,
      cwd: '/',
      ...(run.identity === null ? {} : { identity: run.identity }),
    },
  );
  server.stdout.resume();
  let isGone = false;
  const exit = server.exit.then((ended) => {
    isGone = true;
    return ended;
  });
  const within = async (ms: number): Promise<void> => {
    const timer = new AbortController();
    await Promise.race([exit, ctx.clock.sleep(ms, timer.signal).catch(() => undefined)]);
    timer.abort();
  };
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    input.end();
    await within(STOP_WITHIN_MS);
    for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
      if (isGone || server.pid === undefined) break;
      try {
        process.kill(-server.pid, signal);
      } catch {
        // It went away between the look and the signal.
      }
      await within(QUIT_WITHIN_MS);
    }
    await exit;
  };
  return { exit, hasExited: () => isGone, stop: () => (stopping ??= stop()) };
}
