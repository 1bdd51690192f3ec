import type { SourceContext } from '../source.ts';
import { runSqlite } from './run-sqlite.ts';

/** Rows of every table of a database that may be in use; null where a table cannot be read. Throws like a probe. */
export async function countRows(
  ctx: Pick<SourceContext, 'signal'>,
  path: string,
): Promise<ReadonlyMap<string, number | null>> {
  const rows = new Map<string, number | null>();
  await runSqlite(ctx, { kind: 'count', path }, (line) => {
    if (line.type === 'rows') rows.set(line.name, line.rows);
  });
  return rows;
}
