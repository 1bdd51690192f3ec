import type { Facts, TableFact } from '../contracts/facts.ts';

/** `child under parent`, each quoted where it must be. */
const UNDER = /^((?:"(?:[^"]|"")*"|[^" ])+) under ((?:"(?:[^"]|"")*"|[^" ])+)$/;

/** `sales."my table"` as PostgreSQL prints it, as `sales.my table`. */
export const unquoted = (text: string): string =>
  (text.match(/"(?:[^"]|"")*"|[^".]+/g) ?? [])
    .map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
    .join('.');

/** Which tables of a backup come back. */
export interface ChosenTables {
  /** Each comes back as one; none of them is a partition of another. */
  readonly tables: readonly TableFact[];
  /** Those and every partition below them: where the rows are. */
  readonly members: readonly TableFact[];
  /** Names that the backup has no table of. */
  readonly missing: readonly string[];
}

const labelOf = ({ schema, name }: Pick<TableFact, 'schema' | 'name'>): string => `${schema}.${name}`;

/** By the parent's label, the labels of its partitions. */
function partitionsOf(facts: Facts): ReadonlyMap<string, readonly string[]> {
  const partitioned = new Set(facts.tables.filter(({ kind }) => kind === 'partitioned').map(labelOf));
  const found = new Map<string, string[]>();
  for (const { name } of facts.objects?.inheritance ?? []) {
    const [child, parent] = (UNDER.exec(name) ?? []).slice(1).map(unquoted);
    if (child === undefined || parent === undefined || !partitioned.has(parent)) continue;
    found.set(parent, [...(found.get(parent) ?? []), child]);
  }
  return found;
}

/** A name without a schema means the table of that name in every schema, as everywhere else. */
export function chooseTables(facts: Facts, wanted: readonly string[]): ChosenTables {
  const partitions = partitionsOf(facts);
  const isNamed = (table: TableFact, name: string): boolean => name === table.name || name === labelOf(table);
  const below = (label: string): string[] =>
    (partitions.get(label) ?? []).flatMap((child) => [child, ...below(child)]);
  const named = facts.tables.filter((table) => wanted.some((name) => isNamed(table, name)));
  const covered = new Set(named.flatMap((table) => below(labelOf(table))));
  const tables = named.filter((table) => !covered.has(labelOf(table)));
  const all = new Set([...tables.map(labelOf), ...covered]);
  return {
    tables,
    members: facts.tables.filter((table) => all.has(labelOf(table))),
    missing: wanted.filter((name) => !facts.tables.some((table) => isNamed(table, name))),
  };
}
