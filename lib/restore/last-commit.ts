import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readMicros } from '../core/micros.ts';
import type { RunContext } from '../core/run-context.ts';
import { startChain } from '../tools/start-chain.ts';

/**
 * When the last transaction in these segments of the log ended, in microseconds; null where none did, or pg_waldump could not read
 * them. Looks from the newest back.
 */
export async function lastCommit(
  pgWaldump: string,
  walFolder: string,
  segments: readonly string[],
  ctx: Pick<RunContext, 'signal'>,
): Promise<number | null> {
  for (const segment of segments.toReversed()) {
    const chain = startChain(
      ctx,
      [{ file: pgWaldump, args: ['--rmgr=Transaction', join(walFolder, segment)], cwd: '/' }],
      'pipe',
      'ignore',
    );
    let last: number | null = null;
    for await (const line of createInterface({ input: chain.output, crlfDelay: Infinity })) {
      const text = / desc: [A-Z_]+ (?:\d+: )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC)/.exec(line)?.[1];
      const micros = text === undefined ? null : readMicros(text);
      if (micros !== null && (last === null || micros > last)) last = micros;
    }
    // Its exit tells nothing: the last record of a segment goes on in the next one.
    await chain.links;
    ctx.signal.throwIfAborted();
    if (last !== null) return last;
  }
  return null;
}
