import { ageStage, gzipInsideDump, gzipStage, zstdStage, type Stage } from '../pipeline/stage.ts';
import type { StageRecord } from '../contracts/manifest.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { findProgram } from '../tools/find-program.ts';

export interface ArchiveStages {
  readonly programs: readonly Stage[];
  /** What the manifest says was done to the bytes, in order. */
  readonly records: readonly StageRecord[];
}

/** The stages this configuration asks for. Throws `tool_missing`, so that it is known before the dump. */
export async function findStages(
  config: Config,
  isGzipped: boolean,
  ctx: Pick<RunContext, 'signal'>,
): Promise<ArchiveStages> {
  const programs: Stage[] = [];
  if (config.compression === 'zstd') programs.push(zstdStage(await findProgram(config, 'zstd', ctx)));
  if (isGzipped) programs.push(gzipStage(await findProgram(config, 'gzip', ctx)));
  if (config.ageRecipients.length > 0) {
    programs.push(ageStage(await findProgram(config, 'age', ctx), config.ageRecipients));
  }
  const inside = config.compression === 'gzip' ? [gzipInsideDump] : [];
  return { programs, records: [...inside, ...programs.map(({ record }) => record)] };
}
