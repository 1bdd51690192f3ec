import { AppError, toAppError } from '../../core/errors.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import { compareEachTable, compareTables } from '../compare-tables.ts';
import { countOf, failed, listNames, passed, unknown, type Judged } from '../judged.ts';
import { copyPlain } from '../plain-copy.ts';
import type { PathCopy, ScratchContext } from '../source.ts';
import { readDatabaseFile } from './database-file.ts';
import { runSqlite, type ToldLine } from './run-sqlite.ts';
import { factsOf, gatherTables } from './table-facts.ts';

/** See PathCopy. A database file is what its dump is. */
export function createSqliteCopy(): PathCopy {
  return {
    fill: async (ctx, file, at) => {
      try {
        await readDatabaseFile(file);
      } catch (thrown) {
        throw new AppError('restore_failed', 'the archive does not hold a SQLite database', {
          hint: 'Do not count on this backup: take another copy or an older one.',
          cause: thrown,
        });
      }
      await copyPlain(ctx, file, at);
    },
    compare: (ctx, at, manifest) => compare(ctx, at, manifest),
  };
}

async function compare(ctx: ScratchContext, at: string, { facts: expected }: Manifest): Promise<void> {
  let since = ctx.clock.now().getTime();
  const report = (check: Judged, error?: AppError): void => {
    const now = ctx.clock.now().getTime();
    ctx.report({ ...check, durationMs: now - since }, error);
    since = now;
  };
  const gathered = gatherTables(ctx);
  const reading = {
    takesFingerprints: expected.tables.some(({ fingerprint }) => fingerprint !== null),
    fingerprintMaxBytes: Number.MAX_SAFE_INTEGER,
  };
  const checked = new Set<string>();
  ctx.say('looking at each page and each row of the copy');
  try {
    await runSqlite(ctx, { kind: 'check', path: at, ...reading }, (line) => {
      gathered.add(line);
      const check = judge(line);
      if (check === null) return;
      checked.add(check.name);
      report(check);
    });
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const error = toAppError(thrown);
    report(unknown(checked.has('integrity') ? 'tables' : 'integrity', true, error.message), error);
    return;
  }
  const found = factsOf(gathered.tables('query-failed'), null);
  report(compareTables(expected, found, false));
  for (const check of compareEachTable(expected, found)) report(check);
}

/** What is found of the database as a whole. */
function judge(line: ToldLine): Judged | null {
  switch (line.type) {
    case 'integrity': {
      const { problems, unable } = line;
      const want = 'no damage';
      if (unable !== null)
        return unknown('integrity', true, `it could not be looked for here: ${unable}`, want);
      if (problems.length === 0) return passed('integrity', want, want);
      return failed('integrity', want, countOf(problems.length, 'problem'), listNames(problems));
    }
    case 'foreign-keys': {
      const { dangling, unable } = line;
      const want = 'no row that refers to one that is not there';
      if (unable !== null)
        return unknown('foreign-keys', false, `they could not be looked at here: ${unable}`, want);
      if (dangling.length === 0) return passed('foreign-keys', want, want);
      const rows = dangling.reduce((sum, { count }) => sum + count, 0);
      // SQLite leaves them unenforced unless the application asks, so the source has them just the same.
      return unknown(
        'foreign-keys',
        false,
        `as at the source, which does not have to enforce them: ${listNames(dangling.map(({ table }) => table))}`,
        want,
        countOf(rows, 'such row'),
      );
    }
    case 'tables':
    case 'rows':
    case 'fingerprint':
      return null;
  }
}
