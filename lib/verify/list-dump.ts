import { text } from 'node:stream/consumers';
import { startChain } from '../tools/start-chain.ts';
import { decodeFailure } from './decode-failure.ts';
import type { OpenedArchive } from './opened-archive.ts';
import type { VerifyContext } from './verify-run.ts';

/** What `pg_restore --list --verbose` prints of a dump: its head, and each entry with what it depends on. */
export async function listDump(
  { pgRestore, file }: Pick<OpenedArchive, 'pgRestore' | 'file'>,
  ctx: Pick<VerifyContext, 'signal'>,
): Promise<string> {
  const chain = startChain(ctx, [{ file: pgRestore, args: ['--list', '--verbose', file] }], 'pipe');
  chain.input.end();
  const printed = await text(chain.output);
  const failure = decodeFailure(await chain.links);
  ctx.signal.throwIfAborted();
  if (failure !== null) throw failure.error;
  return printed;
}
