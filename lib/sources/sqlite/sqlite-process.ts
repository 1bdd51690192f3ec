import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { toAppError } from '../../core/errors.ts';
import { checkDatabase } from './check-database.ts';
import { countTables, readTables } from './read-tables.ts';
import { translateSqliteError } from './sqlite-errors.ts';
import type { SqliteLine, SqliteOrder } from './sqlite-order.ts';
import { openStill, readLive, takeCopy } from './take-copy.ts';

/*
 * A process of its own, because SQLite's calls hold up the thread that makes them: a worker would write no heartbeat while a large
 * database is read, and could not be told to stop. Reads a SqliteOrder from stdin, writes SqliteLines to stdout, and
 * ends at once when it is told to.
 */

/** Written at once: between two rows nothing else gets a turn, and nobody may be left who reads it. */
const tell = (line: SqliteLine): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};
const beat = (): void => {
  tell({ type: 'beat' });
};

async function run(order: SqliteOrder): Promise<void> {
  switch (order.kind) {
    case 'look':
      await readLive(order.path, () => undefined);
      return;
    case 'count':
      await readLive(order.path, (db) => {
        countTables(db, tell);
      });
      return;
    case 'copy':
      await takeCopy(order.path, order.to, beat);
      return;
    case 'check':
    case 'facts': {
      try {
        const db = openStill(order.path);
        if (order.kind === 'check') checkDatabase(db, tell);
        readTables(db, order, tell);
        db.close();
      } catch (thrown) {
        throw translateSqliteError(thrown, 'the copied database');
      }
    }
  }
}

try {
  await run(JSON.parse(await text(process.stdin)) as SqliteOrder);
} catch (thrown) {
  const { code, message, hint = '', cause } = toAppError(thrown);
  if (code === 'bug') process.stderr.write(`${String(cause)}\n`);
  tell({ type: 'failed', code, message, hint });
}
