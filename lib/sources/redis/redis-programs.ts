import { AppError } from '../../core/errors.ts';
import type { Config } from '../../platform/config.ts';
import { findProgram, type Program } from '../../tools/find-program.ts';
import type { SourceContext } from '../source.ts';

const NAMES = {
  cli: ['redis-cli', 'valkey-cli'],
  'check-rdb': ['redis-check-rdb', 'valkey-check-rdb'],
} as const;

export type NamedProgram = Program & { readonly name: string };

/** The program of Redis, else Valkey's, which does the same. Throws `tool_missing` with what to install. */
export async function findRedisProgram(
  config: Pick<Config, 'searchPath'>,
  which: keyof typeof NAMES,
  ctx: Pick<SourceContext, 'signal'>,
): Promise<NamedProgram> {
  const [first, second] = NAMES[which];
  try {
    return { name: first, ...(await findProgram(config, first, ctx)) };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'tool_missing') throw thrown;
    const other = await findProgram(config, second, ctx).catch((failure: unknown) => {
      ctx.signal.throwIfAborted();
      throw failure instanceof AppError && failure.code === 'tool_missing' ? thrown : failure;
    });
    return { name: second, ...other };
  }
}
