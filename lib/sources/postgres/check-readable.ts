import postgres from 'postgres';
import type { Facts } from '../../contracts/facts.ts';
import { countOf, failed, listNames, passed, unknown, type Judged } from '../judged.ts';
import { quoteTable } from './quote-name.ts';

interface View {
  readonly schema: string;
  readonly name: string;
}

const VIEWS_SQL = `
  select n.nspname as schema, c.relname as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where (c.relkind = 'v' or (c.relkind = 'm' and c.relispopulated))
    and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    and not exists (select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  order by n.nspname, c.relname`;

/** A view may join everything with everything; what the application never reads to the end need not be read here. */
const VIEW_TIMEOUT_MS = 60_000;

const fullName = ({ schema, name }: View): string => `${schema}.${name}`;

/**
 * Whether every table and view was read to the end. Taking a table's fingerprint has read it; views are read here. One that
 * cannot be read may be as unreadable at the source (a foreign table, a setting it wants), so that alone refutes nothing.
 */
export async function checkReadable(sql: postgres.Sql, found: Facts): Promise<Judged> {
  const tables = found.tables.filter(({ kind }) => kind === 'table');
  const isCounted = ({ unknown: reason }: (typeof tables)[number]): boolean => reason === 'unsupported';
  const unread = tables.filter(
    (table) => table.fingerprint === null && table.unknown !== 'schema-only' && !isCounted(table),
  );
  const counted = tables.filter(isCounted);
  const views = await sql.unsafe<View[]>(VIEWS_SQL);
  const broken: string[] = [];
  await sql.unsafe(`set statement_timeout = ${String(VIEW_TIMEOUT_MS)}`);
  for (const view of views) {
    try {
      await sql.unsafe(`select count(v::text) from ${quoteTable(view)} v`);
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error;
      broken.push(`${fullName(view)} (${error.message})`);
    }
  }
  await sql.unsafe('set statement_timeout = 0');
  const want = `${countOf(tables.length, 'table')} and ${countOf(views.length, 'view')} read to the end`;
  const have = `${countOf(tables.length - unread.length - counted.length, 'table')} and ${countOf(views.length - broken.length, 'view')}`;
  if (unread.length > 0)
    return failed('readable', want, have, `could not be read: ${listNames(unread.map(fullName))}`);
  if (counted.length > 0)
    return unknown('readable', true, `counted only: ${listNames(counted.map(fullName))}`, want, have);
  if (broken.length > 0)
    return unknown('readable', false, `views that could not be read here: ${listNames(broken)}`, want, have);
  return passed('readable', want, have);
}
