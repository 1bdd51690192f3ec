import { AppError } from '../../core/errors.ts';
import { readTool } from '../../tools/read-tool.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { ServerIdentity } from '../recovery-server.ts';
import type { SourceContext } from '../source.ts';

/** The server refuses to run as root, so root runs it as the user that its package made. */
export async function serverIdentity(ctx: SourceContext): Promise<ServerIdentity | null> {
  if (process.getuid?.() !== 0) return null;
  const ask = async (flag: string): Promise<number> =>
    Number(await readTool(ctx, { file: '/usr/bin/id', args: [flag, 'postgres'] }));
  try {
    return { uid: await ask('-u'), gid: await ask('-g') };
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw new AppError('config', 'there is no user "postgres" to run a server as', {
      hint: 'Make one (useradd --system postgres), or run Holdfast as an ordinary user.',
      cause: error,
    });
  }
}

/** Whether the server's user can enter this folder and write there; an open folder handle would not help it. */
export async function isReachable(
  ctx: SourceContext,
  folder: string,
  identity: ServerIdentity | null,
): Promise<boolean> {
  if (identity === null) return true;
  const script = 'cd -- "$1" && touch .reach && rm .reach';
  const run = startTool(ctx, { file: '/bin/sh', args: ['-c', script, 'sh', folder], identity, cwd: '/' });
  run.stdout.resume();
  return (await run.exit).code === 0;
}
