import postgres from 'postgres';
import { countOf, listNames, passed, unknown, type Judged } from '../judged.ts';
import { quoteName } from './quote-name.ts';

const SCHEMA = 'holdfast_amcheck';

const INDEXES_SQL = `
  select i.indexrelid::text as oid, n.nspname || '.' || c.relname as name
  from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_am am on am.oid = c.relam and am.amname = 'btree'
  where c.relkind = 'i' and c.relpersistence = 'p' and i.indisvalid and i.indisready
    and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  order by 2`;

const HEAPS_SQL = `
  select c.oid::text as oid, n.nspname || '.' || c.relname as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_am am on am.oid = c.relam and am.amname = 'heap'
  where c.relkind in ('r', 'm') and c.relpersistence = 'p' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  order by 2`;

interface Relation {
  readonly oid: string;
  readonly name: string;
}

/**
 * Looks into the pages of the copy with amcheck. A restore writes every page anew, so damage here tells of this machine, not of
 * the backup; but it leaves nothing else to be believed.
 */
export async function checkPages(sql: postgres.Sql): Promise<Judged> {
  // The copy stays as it was restored.
  await sql.unsafe('begin');
  try {
    return await lookAtPages(sql);
  } finally {
    await sql.unsafe('rollback');
  }
}

async function lookAtPages(sql: postgres.Sql): Promise<Judged> {
  let schema: string;
  try {
    schema = await findAmcheck(sql);
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    return unknown('amcheck', false, `the extension amcheck cannot be used here: ${error.message}`);
  }
  const [has] = await sql<{ heaps: boolean }[]>`
    select exists (select from pg_catalog.pg_proc where proname = 'verify_heapam') as heaps`;
  const indexes = await sql.unsafe<Relation[]>(INDEXES_SQL);
  const heaps = has?.heaps === true ? await sql.unsafe<Relation[]>(HEAPS_SQL) : [];
  const damaged: string[] = [];
  const look = async ({ oid, name }: Relation, text: string): Promise<void> => {
    await sql.unsafe('savepoint look');
    try {
      const rows = await sql.unsafe(text.replace('$1', oid));
      if (rows.length > 0) damaged.push(name);
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error;
      damaged.push(`${name} (${error.message})`);
      await sql.unsafe('rollback to savepoint look');
    }
  };
  const at = quoteName(schema);
  for (const heap of heaps)
    await look(heap, `select from ${at}.verify_heapam($1::pg_catalog.oid::pg_catalog.regclass) limit 1`);
  for (const index of indexes)
    await look(
      index,
      `select from (select ${at}.bt_index_check($1::pg_catalog.oid::pg_catalog.regclass, true)) q where false`,
    );
  const text = `${countOf(heaps.length, 'table')} and ${countOf(indexes.length, 'index', 'indexes')}`;
  return damaged.length === 0
    ? passed('amcheck', text, text)
    : unknown(
        'amcheck',
        true,
        `the restored copy is damaged, and the disk or memory of this machine may be: ${listNames(damaged)}`,
        text,
      );
}

/** The schema it is in; it is installed where it is not. */
async function findAmcheck(sql: postgres.Sql): Promise<string> {
  const [there] = await sql<{ schema: string }[]>`
    select n.nspname as schema from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'amcheck'`;
  if (there !== undefined) return there.schema;
  await sql.unsafe(`create schema ${SCHEMA}`);
  await sql.unsafe(`create extension amcheck schema ${SCHEMA}`);
  return SCHEMA;
}
