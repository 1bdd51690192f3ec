import { AppError } from '../../core/errors.ts';
import type { Config } from '../../platform/config.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { SourceContext } from '../source.ts';
import { findRedisProgram } from './redis-programs.ts';

/** What an RDB file holds, read to its end. */
export interface RdbContents {
  /** The databases that have keys in it. */
  readonly databases: readonly number[];
  /** All of them, those too whose time is over: a server would drop those when it loads the file. */
  readonly keys: number;
  /** Whether it carries a checksum of itself, and that is right; Redis can be told to write none. */
  readonly hasChecksum: boolean;
}

/**
 * Reads an RDB file as a server would that loads it, by its own redis-check-rdb. Answers why it is damaged, in words. Throws
 * `tool_missing`, `tool_version` where that program is older than the file, `tool_failed`, or the reason of the signal.
 */
export async function checkRdb(
  config: Pick<Config, 'searchPath'>,
  file: string,
  ctx: Pick<SourceContext, 'signal'>,
): Promise<RdbContents | string> {
  const program = await findRedisProgram(config, 'check-rdb', ctx);
  let output = '';
  const run = startTool(ctx, {
    file: program.file,
    args: [file],
    tap: (chunk) => {
      output += chunk.toString('utf8');
    },
  });
  run.stdout.resume();
  const { code } = await run.exit;
  ctx.signal.throwIfAborted();
  const keys = /^\[info\] (\d+) keys read$/m.exec(output)?.[1];
  if (code === 0 && keys !== undefined) {
    return {
      databases: [...output.matchAll(/^\[offset \d+\] Selecting DB ID (\d+)$/gm)].map(([, index]) =>
        Number(index),
      ),
      keys: Number(keys),
      hasChecksum: /^\[offset \d+\] Checksum OK$/m.test(output),
    };
  }
  const said = /^--- RDB ERROR DETECTED ---\n(?:\[offset \d+\] )?(.+)$/m.exec(output)?.[1];
  if (said === undefined) {
    throw new AppError('tool_failed', `${program.name} ended without a verdict`, {
      hint: 'Verify this backup again; free memory is the usual cause.',
    });
  }
  if (/can't handle rdb format version/i.test(said)) {
    throw new AppError('tool_version', `${program.name} ${program.version} is older than the snapshot`, {
      hint: 'Install the programs of the version that the source has, or a newer one.',
    });
  }
  return said;
}
