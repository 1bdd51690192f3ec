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
  const labels = new Map(
    tables.map(({ schema, name }) => [`${oneLine(schema)} ${oneLine(name)}`, `${schema}.${name}`]),
  );
  const known = new Set(labels.keys());
  const found = new Set<string>();
  const unexpected = new Set<string>();
  for (const line of list.split('\n')) {
    const entry = ENTRY.exec(line)?.[1];
    if (entry === undefined) continue;
    const ofData = entry.startsWith('DATA ') ? entry.slice('DATA '.length) : entry;
    const start = knownStart(entry, known) ?? knownStart(ofData, known);
    if (start !== undefined) found.add(start);
    // An attachment speaks of two tables that have entries of their own.
    else if (!entry.startsWith('ATTACH ')) unexpected.add(ofData);
  }
  return {
    missing: [...labels].flatMap(([start, label]) => (found.has(start) ? [] : [label])).sort(),
    unexpected: [...unexpected].sort(),
  };
}
