import type { StageRecord } from '../contracts/manifest.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { findProgram } from '../tools/find-program.ts';
import type { ToolCommand } from '../tools/spawn-tool.ts';

/**
 * The programs that undo these stages, the outermost first; none for what pg_restore undoes by itself. `identityFile` opens
 * what age closed. Throws `tool_missing`.
 */
export async function findDecoders(
  config: Pick<Config, 'searchPath'>,
  stages: readonly StageRecord[],
  identityFile: string | null,
  ctx: Pick<RunContext, 'signal'>,
): Promise<readonly ToolCommand[]> {
  const decoders: ToolCommand[] = [];
  for (const { stage, params } of stages.toReversed()) {
    if (stage === 'gzip' && params['layer'] === 'dump') continue;
    const { file } = await findProgram(config, stage, ctx);
    switch (stage) {
      case 'zstd':
        decoders.push({ file, args: ['--decompress', '--quiet', '--stdout'] });
        break;
      case 'gzip':
        decoders.push({ file, args: ['--decompress', '--stdout'] });
        break;
      case 'age':
        decoders.push({
          file,
          args: ['--decrypt', ...(identityFile === null ? [] : ['--identity', identityFile])],
        });
    }
  }
  return decoders;
}
