import type postgres from 'postgres';
import type { TableRef } from '../source.ts';
import { readVersion } from './connect.ts';
import { quoteTable } from './quote-name.ts';
import { fingerprintSql, newestFingerprint } from './fingerprint-version.ts';
import { fingerprintOf, type PrintedColumn } from './row-print.ts';
import { ENCODING_SQL, SHAPES_SQL, type Shape } from './table-facts.ts';

/** How many rows, and what they hold, whatever their order. */
export interface RowPrint {
  readonly rows: number;
  readonly fingerprint: string;
}

/** The columns that are printed of a table, as the facts take them: without generated ones. */
export async function readPrintedColumns(
  sql: postgres.Sql,
  { schema, name }: TableRef,
): Promise<readonly PrintedColumn[]> {
  const [leaf] = await sql<{ oid: string }[]>`
    with recursive below as (
      select c.oid, c.relkind from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${schema} and c.relname = ${name}
      union select c.oid, c.relkind from below b join pg_catalog.pg_inherits i on i.inhparent = b.oid
        join pg_catalog.pg_class c on c.oid = i.inhrelid where b.relkind = 'p')
    select oid::text as oid from below where relkind = 'r' limit 1`;
  if (leaf === undefined) return [];
  const [shape] = await sql.unsafe<Pick<Shape, 'columns'>[]>(`${SHAPES_SQL}array[${leaf.oid}]::oid[])`);
  return shape?.columns ?? [];
}

/**
 * `from`: what stands after `from`, `only` where that is meant. `version`: of the fingerprint; `newest`, the fastest of this server,
 * where `columns` are of the types that are there. Needs the settings that facts are taken with.
 */
export async function readRowPrint(
  sql: postgres.Sql,
  from: string,
  columns: readonly PrintedColumn[],
  version: number | 'newest',
): Promise<RowPrint> {
  const [server] = await sql.unsafe<{ isOneByte: boolean }[]>(ENCODING_SQL);
  const print = fingerprintSql(
    version === 'newest' ? newestFingerprint((await readVersion(sql)).major) : version,
    columns,
    server?.isOneByte === true,
  );
  const [row] = await sql.unsafe<{ rows: string; h0: string | null; h1: string | null }[]>(
    `select count(*)::text as rows, ${print.sums} from (select ${print.row} from ${from} offset 0) r`,
  );
  return { rows: Number(row?.rows), fingerprint: fingerprintOf([row?.h0 ?? null, row?.h1 ?? null]) };
}

/** A partitioned table's rows are in its partitions; another's children have rows of their own. */
export const ownRows = (table: TableRef, isPartitioned: boolean): string =>
  `${isPartitioned ? '' : 'only '}${quoteTable(table)}`;
