import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { AppError, isErrorCode } from '../../core/errors.ts';
import { readLines } from '../../tools/read-lines.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { SourceContext } from '../source.ts';
import { SqliteLine, type SqliteOrder } from './sqlite-order.ts';

const PROGRAM = fileURLToPath(new URL('sqlite-process.ts', import.meta.url));

export type ToldLine = Exclude<SqliteLine, { type: 'beat' | 'failed' }>;

/**
 * Does it in a process of its own, and tells what that one finds as it comes. Throws what it failed with, or the reason of the signal. When
 * it settles, the process has gone.
 */
export async function runSqlite(
  ctx: Pick<SourceContext, 'signal'>,
  order: SqliteOrder,
  tell: (line: ToldLine) => void = () => undefined,
): Promise<void> {
  const run = startTool(ctx, {
    file: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', PROGRAM],
    stdin: Readable.from([Buffer.from(JSON.stringify(order))]),
  });
  try {
    for await (const text of readLines(run.stdout)) {
      const line = SqliteLine.parse(JSON.parse(text));
      if (line.type === 'failed') {
        throw new AppError(isErrorCode(line.code) ? line.code : 'bug', line.message, { hint: line.hint });
      }
      if (line.type !== 'beat') tell(line);
    }
  } finally {
    run.stdout.destroy();
    await run.exit;
  }
}
