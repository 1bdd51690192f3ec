import type { TableFact } from '../contracts/facts.ts';

/** How far a pg_restore has come. */
export interface RestoreMeter {
  /** One line of what `pg_restore --verbose` says. */
  tell(line: string): void;
  /** The table that was begun last and is not done; null between tables. */
  readonly table: string | null;
  readonly tablesDone: number;
  readonly tableCount: number;
  /** 0 to 1, never falling: by the bytes of the tables, and by the indexes and constraints that follow them. */
  readonly fraction: number;
}

/** Where in a whole restore each step ends. */
export const DECODED = 0.2;
export const RESTORED = 0.85;
export const COMPARED = 0.97;

/** What of a restore is spent on rows; the rest builds indexes and checks constraints. */
const ROWS_SHARE = 0.7;
/** A table takes a little time however small it is. */
const TABLE_BYTES = 16 * 1024;
const AFTER_ROWS = /^(?:INDEX|CONSTRAINT|FK CONSTRAINT|TRIGGER|MATERIALIZED VIEW DATA) /;

/** `list` is what `pg_restore --list` prints of the dump: it says which entry holds which table's rows. */
export function createRestoreMeter(
  tables: readonly Pick<TableFact, 'schema' | 'name' | 'bytes'>[],
  list: string,
): RestoreMeter {
  const bytes = new Map(
    tables.map(({ schema, name, bytes: size }) => [`${schema}.${name}`, (size ?? 0) + TABLE_BYTES]),
  );
  const labels = new Map(tables.map(({ schema, name }) => [`${schema} ${name}`, `${schema}.${name}`]));
  const tableOf = new Map<string, string>();
  let laterCount = 0;
  for (const line of list.split('\n')) {
    const [, id, entry] = /^(\d+); \d+ \d+ (.*)$/.exec(line) ?? [];
    if (id === undefined || entry === undefined) continue;
    if (AFTER_ROWS.test(entry)) laterCount += 1;
    if (!entry.startsWith('TABLE DATA ')) continue;
    const label = labels.get(withoutOwner(entry.slice('TABLE DATA '.length), labels));
    if (label !== undefined) tableOf.set(id, label);
  }
  const withRows = new Set(tableOf.values());
  const totalBytes = sum([...withRows].map((label) => bytes.get(label) ?? TABLE_BYTES));
  const running = new Set<string>();
  const done = new Set<string>();
  let doneBytes = 0;
  let laterDone = 0;
  let isParallel = false;
  const finish = (label: string): void => {
    running.delete(label);
    if (done.has(label) || !withRows.has(label)) return;
    done.add(label);
    doneBytes += bytes.get(label) ?? TABLE_BYTES;
  };
  const finishAll = (): void => {
    // One after the other: whatever comes next, the one before is done.
    if (!isParallel) for (const label of running) finish(label);
  };
  return {
    tell: (line) => {
      const said = /^pg_restore: (.*)$/.exec(line)?.[1] ?? '';
      if (said.startsWith('entering main parallel loop')) isParallel = true;
      const begun = /^processing data for table "(.*)"$/.exec(said)?.[1];
      if (begun !== undefined) {
        finishAll();
        running.add(begun);
        return;
      }
      const id = /^finished item (\d+) TABLE DATA /.exec(said)?.[1];
      if (id !== undefined) {
        const label = tableOf.get(id);
        if (label !== undefined) finish(label);
        return;
      }
      const made = /^(?:creating|finished item \d+) (.*)$/.exec(said)?.[1];
      if (made === undefined || !AFTER_ROWS.test(`${made} `)) return;
      finishAll();
      if (said.startsWith('finished item') === isParallel) laterDone += 1;
    },
    get table() {
      return [...running].at(-1) ?? null;
    },
    get tablesDone() {
      return done.size;
    },
    tableCount: withRows.size,
    get fraction() {
      const rows = totalBytes === 0 ? 1 : doneBytes / totalBytes;
      const later = laterCount === 0 ? rows : Math.min(1, laterDone / laterCount);
      return ROWS_SHARE * rows + (1 - ROWS_SHARE) * later;
    },
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** An entry reads `schema name owner`, and each of them may hold spaces: the longest `schema name` that is known is meant. */
function withoutOwner(entry: string, known: ReadonlyMap<string, string>): string {
  for (let end = entry.lastIndexOf(' '); end > 0; end = entry.lastIndexOf(' ', end - 1)) {
    const start = entry.slice(0, end);
    if (known.has(start)) return start;
  }
  return '';
}
