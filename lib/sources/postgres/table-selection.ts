import { AppError } from '../../core/errors.ts';
import type { TableFact } from '../../contracts/facts.ts';
import type { TableRef } from '../source.ts';

export interface CatalogTable extends TableRef {
  readonly oid: number;
  readonly kind: TableFact['kind'];
  readonly isUnlogged: boolean;
  /** The partitioned or inherited-from tables above it. */
  readonly parents: readonly number[];
  readonly estimateBytes: number;
}

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'su',
  );

function isNamed(table: TableRef, pattern: RegExp): boolean {
  return pattern.test(table.name) || pattern.test(`${table.schema}.${table.name}`);
}

/** These tables and every partition below them: pg_dump's --table names a parent without its rows. */
function withPartitions(tables: readonly CatalogTable[], picked: ReadonlySet<number>): Set<number> {
  const all = new Set(picked);
  for (let before = -1; before !== all.size;) {
    before = all.size;
    for (const { oid, parents } of tables) if (parents.some((parent) => all.has(parent))) all.add(oid);
  }
  return all;
}

/** `"schema"."name"` as pg_dump's patterns take it literally: inside quotes no character has a meaning but the quote. */
const literal = ({ schema, name }: TableRef): string =>
  [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');

/**
 * Which tables a dump has, and how pg_dump is told. A name without a schema means the table of that name in every
 * schema; characters that are wildcards to pg_dump are themselves. In `excluded`, `*` and `?` are wildcards. Tables asked
 * for by name are not excluded. Throws `invalid` for a name that no table has.
 */
export function selectTables(
  tables: readonly CatalogTable[],
  wanted: readonly string[] | null,
  excluded: readonly string[],
): { readonly tables: readonly CatalogTable[]; readonly args: readonly string[] } {
  if (wanted === null) {
    const patterns = excluded.map(glob);
    const out = withPartitions(
      tables,
      new Set(
        tables.filter((table) => patterns.some((pattern) => isNamed(table, pattern))).map(({ oid }) => oid),
      ),
    );
    return {
      tables: tables.filter(({ oid }) => !out.has(oid)),
      args: tables.filter(({ oid }) => out.has(oid)).map((table) => `--exclude-table=${literal(table)}`),
    };
  }
  const picked = new Set<number>();
  for (const name of wanted) {
    const matches = tables.filter((table) => table.name === name || `${table.schema}.${table.name}` === name);
    if (matches.length === 0) {
      throw new AppError('invalid', `there is no table "${name}" in the database`, {
        hint: 'Write the name as the database has it, with its schema where needed: "sales.items".',
        fields: { field: 'tables', table: name },
      });
    }
    for (const { oid } of matches) picked.add(oid);
  }
  const all = withPartitions(tables, picked);
  const chosen = tables.filter(({ oid }) => all.has(oid));
  return { tables: chosen, args: chosen.map((table) => `--table=${literal(table)}`) };
}
