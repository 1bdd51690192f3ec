import type { Readable } from 'node:stream';
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

/** pg_dump compresses its dump itself; around everything else gzip is a program. */
export const isGzippedInside = ({ protects, compression }: Config): boolean =>
  protects.kind === 'postgres' && compression === 'gzip';

/** The stages this configuration asks for. Throws `tool_missing`, so that it is known before the dump. */
export async function findStages(
  config: Config,
  isGzipped: boolean,
  ctx: Pick<RunContext, 'signal'>,
): Promise<ArchiveStages> {
  const programs: Stage[] = [];
  if (config.compression === 'zstd') programs.push(zstdStage(await findProgram(config, 'zstd', ctx)));
  if (isGzipped || (config.compression === 'gzip' && !isGzippedInside(config)))
    programs.push(gzipStage(await findProgram(config, 'gzip', ctx)));
  if (config.ageRecipients.length > 0) {
    programs.push(ageStage(await findProgram(config, 'age', ctx), config.ageRecipients));
  }
  const inside = isGzippedInside(config) ? [gzipInsideDump] : [];
  return { programs, records: [...inside, ...programs.map(({ record }) => record)] };
}

export interface StartedStages {
  /** What the last stage writes, or what was given where there is none. */
  readonly body: Readable;
  /** Settles when none of them runs any more. */
  readonly exit: Promise<unknown>;
}

/** Sends `input` through all stages, from program to program; `tap` sees what the last one writes. */
export function startStages(
  ctx: Pick<RunContext, 'signal'>,
  { programs }: ArchiveStages,
  input: Readable,
  tap: (chunk: Buffer) => void,
): StartedStages {
  const exits: Promise<unknown>[] = [];
  let body = input;
  for (const [index, stage] of programs.entries()) {
    const isLast = index === programs.length - 1;
    const run = stage.start(ctx, body, isLast ? { tap } : { isForProgram: true });
    exits.push(run.exit);
    body = run.stdout;
  }
  return { body, exit: Promise.all(exits) };
}
