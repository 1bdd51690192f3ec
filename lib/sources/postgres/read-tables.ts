import type postgres from 'postgres';
import type { CatalogTable } from './table-selection.ts';

/** What a dump can hold of tables, without those that belong to an extension. */
export const TABLES_SQL = `
  select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
    c.relpersistence = 'u' as "isUnlogged",
    array_to_json(array(select i.inhparent::text from pg_catalog.pg_inherits i where i.inhrelid = c.oid)) as parents,
    ((greatest(c.relpages, 0) + coalesce(greatest(t.relpages, 0), 0))::bigint * 8192)::text as bytes
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
  where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
    and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  order by n.nspname collate "C", c.relname collate "C"`;

export interface TableRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'r' | 'p' | 'f';
  readonly isUnlogged: boolean;
  readonly parents: readonly string[];
  readonly bytes: string;
}

const KINDS = { r: 'table', p: 'partitioned', f: 'foreign' } as const;

export const tableOfRow = (row: TableRow): CatalogTable => ({
  oid: Number(row.oid),
  schema: row.schema,
  name: row.name,
  kind: KINDS[row.kind],
  isUnlogged: row.isUnlogged,
  parents: row.parents.map(Number),
  estimateBytes: Number(row.bytes),
});

/** Ordinary, partitioned and foreign tables as pg_dump sees them. */
export async function readTables(sql: postgres.ReservedSql): Promise<CatalogTable[]> {
  return (await sql.unsafe<TableRow[]>(TABLES_SQL)).map(tableOfRow);
}
