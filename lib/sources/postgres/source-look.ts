import type postgres from 'postgres';
import type { Config } from '../../platform/config.ts';
import type { ServerDatabase, SourceContext, SourceLook } from '../source.ts';
import { readVersion } from './connect.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { TABLES_SQL, tableOfRow, type TableRow } from './read-tables.ts';
import { withConnection } from './scratch-database.ts';
import { selectTables } from './table-selection.ts';

/** What pg_dump reads rows or values of, and this user may not. */
const FORBIDDEN_SQL = `
  select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'S') and c.relpersistence <> 't'
    and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    and not (has_schema_privilege(n.oid, 'usage') and (
      case c.relkind when 'S' then has_sequence_privilege(c.oid, 'select')
        else has_table_privilege(c.oid, 'select') and not row_security_active(c.oid) end))
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  order by n.nspname collate "C", c.relname collate "C"`;

async function inside<T>(
  config: Config,
  ctx: SourceContext,
  use: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  try {
    return await withConnection(config.source, use, ctx.signal);
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw translatePostgresError(error, config.source);
  }
}

/** See Source.look. */
export const lookAtSource = (config: Config, ctx: SourceContext): Promise<SourceLook> =>
  inside(config, ctx, async (sql) => {
    const { version } = await readVersion(sql);
    const [row] = await sql<{ bytes: string; isSuperuser: boolean }[]>`
      select pg_database_size(current_database())::text as bytes,
             (select rolsuper from pg_roles where rolname = current_user) as "isSuperuser"`;
    const forbidden =
      await sql.unsafe<{ oid: string; schema: string; name: string; kind: string }[]>(FORBIDDEN_SQL);
    const tables = (await sql.unsafe<TableRow[]>(TABLES_SQL)).map(tableOfRow);
    const dumped = new Set(selectTables(tables, null, config.excludeTables).tables.map(({ oid }) => oid));
    return {
      productVersion: version,
      sizeBytes: Number(row?.bytes),
      isSuperuser: row?.isSuperuser ?? false,
      forbidden: forbidden
        .filter(({ oid, kind }) => kind === 'S' || dumped.has(Number(oid)))
        .map(({ schema, name }) => `${schema}.${name}`),
    };
  });

/** See Source.databases. */
export const listDatabases = (config: Config, ctx: SourceContext): Promise<readonly ServerDatabase[]> =>
  inside(config, ctx, async (sql) => {
    const rows = await sql<{ name: string; bytes: string | null }[]>`
      select datname as name, pg_database_size(oid)::text as bytes from pg_database
      where datallowconn and not datistemplate and has_database_privilege(oid, 'connect')
      order by datname collate "C"`;
    return rows.map(({ name, bytes }) => ({ name, sizeBytes: bytes === null ? null : Number(bytes) }));
  });
