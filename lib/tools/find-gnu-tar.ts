import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { listPrograms, type Program } from './find-program.ts';

/** GNU tar, also where another tar has that name, as on macOS. Throws `tool_missing`. */
export async function findGnuTar(
  config: Pick<Config, 'searchPath'>,
  ctx: Pick<RunContext, 'signal'>,
): Promise<Program> {
  for (const name of ['tar', 'gtar']) {
    for await (const program of listPrograms(config, name, ctx)) {
      if (program.said.includes('GNU tar')) return program;
    }
  }
  throw new AppError('tool_missing', 'GNU tar is not installed on this machine', {
    hint: 'Install it: "apt-get install tar" on Debian and Ubuntu, "brew install gnu-tar" on macOS.',
    fields: { tool: 'tar' },
  });
}
