import type { Readable } from 'node:stream';
import type { StageRecord } from '../contracts/manifest.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Program } from '../tools/find-program.ts';
import { NICENESS } from '../tools/spawn-tool.ts';
import { startTool, type Tool, type ToolRun } from '../tools/start-tool.ts';

/** A program that changes the bytes. Its `stdout` keeps ToolRun's promise, and passes on what `input` throws. */
export interface Stage {
  readonly record: StageRecord;
  readonly tool: { readonly name: string; readonly version: string };
  start(
    ctx: Pick<RunContext, 'signal'>,
    input: Readable,
    options: Pick<Tool, 'tap' | 'isForProgram'>,
  ): ToolRun;
}

function programStage(name: string, program: Program, args: readonly string[], record: StageRecord): Stage {
  return {
    record,
    tool: { name, version: program.version },
    start: (ctx, stdin, options) =>
      startTool(ctx, { file: program.file, args, stdin, niceness: NICENESS, ...options }),
  };
}

/** Smaller and faster than 3 on table data, measured (docs/adr/0013): one thread outruns what a server can print. */
const ZSTD_LEVEL = 1;
const GZIP_LEVEL = 6;

/** `zstd -d` opens it. */
export function zstdStage(program: Program): Stage {
  return programStage('zstd', program, [`-${String(ZSTD_LEVEL)}`, '--quiet', '--stdout'], {
    stage: 'zstd',
    version: 1,
    params: { level: ZSTD_LEVEL },
  });
}

/** pg_dump's own compression, which pg_restore undoes by itself: no program of ours, but told in the manifest. */
export const gzipInsideDump: StageRecord = {
  stage: 'gzip',
  version: 1,
  params: { level: GZIP_LEVEL, layer: 'dump' },
};

/** A further gzip around the file: `gzip -d` opens it. */
export function gzipStage(program: Program): Stage {
  return programStage('gzip', program, [`-${String(GZIP_LEVEL)}`, '--no-name', '--stdout'], {
    stage: 'gzip',
    version: 1,
    params: { level: GZIP_LEVEL, layer: 'file' },
  });
}

/** `age -d` with the private key of any of the recipients opens it. */
export function ageStage(program: Program, recipients: readonly string[]): Stage {
  return programStage(
    'age',
    program,
    ['--encrypt', ...recipients.flatMap((recipient) => ['--recipient', recipient])],
    {
      stage: 'age',
      version: 1,
      params: { recipients: [...recipients] },
    },
  );
}
