import type { TableFact } from '../contracts/facts.ts';

export interface ContentsDifference {
  /** `schema.name` of tables of the manifest that the archive does not list. */
  readonly missing: readonly string[];
  /** What the archive lists of tables that the manifest does not know: `schema name owner`. */
  readonly unexpected: readonly string[];
}

const ENTRY = /^\d+; \d+ \d+ (?:FOREIGN )?TABLE (.*)$/;

/** pg_restore prints each entry on one line, whatever a name holds. */
const oneLine = (name: string): string => name.replaceAll(/[\n\r]/g, ' ');

/** Whether what `pg_restore --list` printed is of an archive that was dumped from this database. */
export function isOfDatabase(list: string, database: string): boolean {
  return list.includes(`\n;     dbname: ${oneLine(database)}\n`);
}

/** An entry reads `schema name owner`, and each of them may hold spaces: the longest `schema name` that is known is meant. */
function knownStart(entry: string, known: ReadonlySet<string>): string | undefined {
  for (let end = entry.lastIndexOf(' '); end > 0; end = entry.lastIndexOf(' ', end - 1)) {
    const start = entry.slice(0, end);
    if (known.has(start)) return start;
  }
  return undefined;
}

/** Compares what `pg_restore --list` printed with the tables of the manifest. */
export function compareContents(
  list: string,
  tables: readonly Pick<TableFact, 'schema' | 'name'>[],
): ContentsDifference {
  const labels = new Map<string, string[]>();
  for (const { schema, name } of tables) {
    const start = `${oneLine(schema)} ${oneLine(name)}`;
    labels.set(start, [...(labels.get(start) ?? []), `${schema}.${name}`]);
  }
  const known = new Set(labels.keys());
  const definitions = new Map<string, number>();
  const contents = new Map<string, number>();
  const unexpected = new Set<string>();
  for (const line of list.split('\n')) {
    const entry = ENTRY.exec(line)?.[1];
    // An attachment speaks of two tables that have entries of their own.
    if (entry === undefined || entry.startsWith('ATTACH ')) continue;
    const isData = entry.startsWith('DATA ');
    const named = isData ? entry.slice('DATA '.length) : entry;
    const start = knownStart(named, known);
    const hits = isData ? contents : definitions;
    const count = start === undefined ? Infinity : (hits.get(start) ?? 0) + 1;
    // A second `a b` is an unknown `a b c` of which the rest was taken for the owner.
    if (start === undefined || count > (labels.get(start)?.length ?? 0)) unexpected.add(named);
    else hits.set(start, count);
  }
  return {
    // The tables of an extension have no definition in a dump, only rows.
    missing: [...labels]
      .flatMap(([start, names]) =>
        names.slice(Math.max(definitions.get(start) ?? 0, contents.get(start) ?? 0)),
      )
      .sort(),
    unexpected: [...unexpected].sort(),
  };
}
