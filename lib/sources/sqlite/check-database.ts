import type { DatabaseSync } from 'node:sqlite';
import { SQLITE, sqliteFailure } from './sqlite-errors.ts';
import type { SqliteLine } from './sqlite-order.ts';

/** So many are told of what may be millions. */
const PROBLEMS = 20;

/** Whether the pages are sound, and whether each row that another one refers to is there. */
export function checkDatabase(db: DatabaseSync, tell: (line: SqliteLine) => void): void {
  try {
    const problems = db
      .prepare(`pragma integrity_check(${String(PROBLEMS)})`)
      .all()
      .map(({ integrity_check: said }) => String(said))
      .filter((said) => said !== 'ok');
    tell({ type: 'integrity', problems, unable: null });
  } catch (thrown) {
    const failure = sqliteFailure(thrown);
    if (failure === null) throw thrown;
    const isDamage = [SQLITE.corrupt, SQLITE.notadb].some((code) => code === (failure.errcode & 0xff));
    tell({
      type: 'integrity',
      problems: isDamage ? [failure.message] : [],
      unable: isDamage ? null : failure.message,
    });
  }
  try {
    const dangling = db
      .prepare('select "table" as name, count(*) as n from pragma_foreign_key_check group by 1 order by 1')
      .all()
      .map(({ name, n }) => ({ table: String(name), count: Number(n) }));
    tell({ type: 'foreign-keys', dangling, unable: null });
  } catch (thrown) {
    const failure = sqliteFailure(thrown);
    if (failure === null) throw thrown;
    tell({ type: 'foreign-keys', dangling: [], unable: failure.message });
  }
}
