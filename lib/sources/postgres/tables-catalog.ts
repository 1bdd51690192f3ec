import type postgres from 'postgres';
import type { TableRef } from '../source.ts';
import type { TableLook } from '../tables-target.ts';
import { printOf } from './database-facts.ts';
import { objectQueries } from './object-queries.ts';

/** Every relation that is meant, its partitions and what it is a partition of, however deep. */
const FAMILY = `
  wanted as (
    select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind, c.relowner, c.relrowsecurity, c.relforcerowsecurity
    from jsonb_to_recordset($1::text::jsonb) w(schema text, name text)
    join pg_catalog.pg_namespace n on n.nspname = w.schema
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
    where c.relkind in ('r', 'p', 'f', 'v', 'm')),
  below as (
    select oid as root, oid from wanted
    union select b.root, i.inhrelid from below b join pg_catalog.pg_inherits i on i.inhparent = b.oid
      join pg_catalog.pg_class c on c.oid = i.inhrelid where c.relispartition),
  above as (
    select oid as root, oid from wanted
    union select a.root, i.inhparent from above a join pg_catalog.pg_inherits i on i.inhrelid = a.oid
      join pg_catalog.pg_class c on c.oid = i.inhrelid where c.relispartition),
  family as (select root, oid from below union select root, oid from above)`;

const DEPENDENT_VIEWS = `
  dependents as (
    select root, oid, 0 as depth from family
    union
    select d.root, r.ev_class, d.depth + 1 from dependents d
    join pg_catalog.pg_depend p on p.refclassid = 'pg_catalog.pg_class'::regclass and p.refobjid = d.oid
      and p.classid = 'pg_catalog.pg_rewrite'::regclass
    join pg_catalog.pg_rewrite r on r.oid = p.objid and r.ev_class <> d.oid)`;

const named = (oid: string): string =>
  `(select format('%I.%I', vn.nspname, v.relname) from pg_catalog.pg_class v join pg_catalog.pg_namespace vn on vn.oid = v.relnamespace where v.oid = ${oid})`;

const LOOK_SQL = `
  with recursive ${FAMILY}, ${DEPENDENT_VIEWS}
  select w.schema, w.name,
    case w.kind when 'r' then 'table' when 'p' then 'partitioned' when 'f' then 'foreign' else 'other' end as kind,
    (select coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint::text from below b join pg_catalog.pg_class c on c.oid = b.oid
      where b.root = w.oid and c.relkind = 'r') as "estimatedRows",
    (select coalesce(sum(pg_catalog.pg_table_size(b.oid)), 0)::text from below b where b.root = w.oid) as bytes,
    (select coalesce(json_agg(json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'isRequired', a.attnotnull and a.attidentity = '' and a.attgenerated = '' and not a.atthasdef,
        'isGenerated', a.attgenerated <> '') order by a.attnum), '[]')
      from pg_catalog.pg_attribute a where a.attrelid = w.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce((
      select json_agg(a.attname order by k.place) from (
        select x.indkey, x.indnkeyatts from pg_catalog.pg_index x where x.indrelid = w.oid and x.indisunique and x.indisvalid and x.indimmediate
          and x.indpred is null and x.indexprs is null
          and not exists (select from unnest((x.indkey::smallint[])[0:x.indnkeyatts - 1]) part(num)
            join pg_catalog.pg_attribute pa on pa.attrelid = w.oid and pa.attnum = part.num where not pa.attnotnull)
        order by x.indisprimary desc, x.indnkeyatts, x.indexrelid limit 1) i,
        unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) with ordinality k(num, place)
      join pg_catalog.pg_attribute a on a.attrelid = w.oid and a.attnum = k.num), '[]')) as key,
    pg_catalog.pg_has_role(current_user, w.relowner, 'usage') as "isOwned",
    (select bool_or(pg_catalog.row_security_active(b.oid)) from below b where b.root = w.oid) as "hidesRows",
    (select coalesce(json_agg(t.tgname order by t.tgname), '[]') from pg_catalog.pg_trigger t
      where t.tgrelid = w.oid and not t.tgisinternal and t.tgenabled <> 'D') as triggers,
    (select coalesce(json_agg(${named('k.conrelid')} || '.' || quote_ident(k.conname) order by k.conname), '[]')
      from pg_catalog.pg_constraint k where k.contype = 'f' and k.conparentid = 0
        and k.conrelid in (select f.oid from family f where f.root = w.oid)) as "keysOut",
    (select coalesce(json_agg(${named('k.conrelid')} || '.' || quote_ident(k.conname) order by k.conname), '[]')
      from pg_catalog.pg_constraint k where k.contype = 'f' and k.conparentid = 0
        and k.confrelid in (select f.oid from family f where f.root = w.oid)
        and k.conrelid not in (select f.oid from family f where f.root = w.oid)) as "keysIn",
    (select coalesce(json_agg(distinct ${named('d.oid')}), '[]') from dependents d join pg_catalog.pg_class c on c.oid = d.oid
      where d.root = w.oid and c.relkind = 'v') as views,
    (select coalesce(json_agg(distinct ${named('d.oid')}), '[]') from dependents d join pg_catalog.pg_class c on c.oid = d.oid
      where d.root = w.oid and c.relkind = 'm') as "materializedViews",
    (select coalesce(json_agg(distinct ${named('s.oid')}), '[]') from pg_catalog.pg_class s
      where s.relkind = 'S' and s.oid in (${sequencesOf('w.oid')})) as sequences
  from wanted w order by w.schema collate "C", w.name collate "C"`;

/** Sequences that a column owns, or that a default draws from. */
function sequencesOf(table: string): string {
  return `
    select d.objid from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass
      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = ${table} and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    union
    select p.refobjid from pg_catalog.pg_attrdef ad join pg_catalog.pg_depend p on p.classid = 'pg_catalog.pg_attrdef'::regclass
      and p.objid = ad.oid and p.refclassid = 'pg_catalog.pg_class'::regclass where ad.adrelid = ${table}`;
}

type LookRow = Omit<TableLook, 'estimatedRows' | 'bytes'> & {
  readonly estimatedRows: string;
  readonly bytes: string;
};

/** Those of `tables` that are there, whatever they are. */
export async function readTableLooks(
  sql: postgres.Sql,
  tables: readonly TableRef[],
): Promise<readonly TableLook[]> {
  const rows = await sql.unsafe<LookRow[]>(LOOK_SQL, [asJson(tables)]);
  return rows.map((row) => ({ ...row, estimatedRows: Number(row.estimatedRows), bytes: Number(row.bytes) }));
}

const asJson = (tables: readonly TableRef[]): string =>
  JSON.stringify(tables.map(({ schema, name }) => ({ schema, name })));

/** A sequence that numbers a column, with the column where it holds whole numbers. */
export interface NumberingSequence extends TableRef {
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  /** Of the table that was asked for. */
  readonly table: TableRef;
  readonly column: string | null;
}

const SEQUENCES_SQL = `
  with recursive ${FAMILY}
  select distinct sn.nspname as schema, s.relname as name, q.seqincrement::text as increment, q.seqmin::text as min, q.seqmax::text as max,
    q.seqcache::text as cache, json_build_object('schema', w.schema, 'name', w.name)::text as "table", used.column
  from wanted w cross join lateral (
    select d.objid as oid, case when a.atttypid in (20, 21, 23) then a.attname end as column from pg_catalog.pg_depend d
      join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.refobjid = w.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    union
    select p.refobjid, case when a.atttypid in (20, 21, 23) then a.attname end from pg_catalog.pg_attrdef ad
      join pg_catalog.pg_attribute a on a.attrelid = ad.adrelid and a.attnum = ad.adnum
      join pg_catalog.pg_depend p on p.classid = 'pg_catalog.pg_attrdef'::regclass
        and p.objid = ad.oid and p.refclassid = 'pg_catalog.pg_class'::regclass where ad.adrelid = w.oid) used
  join pg_catalog.pg_class s on s.oid = used.oid and s.relkind = 'S'
  join pg_catalog.pg_sequence q on q.seqrelid = s.oid
  join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
  order by 1, 2`;

export async function readNumberingSequences(
  sql: postgres.Sql,
  tables: readonly TableRef[],
): Promise<readonly NumberingSequence[]> {
  const rows = await sql.unsafe<(Omit<NumberingSequence, 'table'> & { readonly table: string })[]>(
    SEQUENCES_SQL,
    [asJson(tables)],
  );
  return rows.map((row) => ({ ...row, table: JSON.parse(row.table) as TableRef }));
}

/** Materialized views that show rows of these tables, those first that others are built on. */
export async function readStaleViews(
  sql: postgres.Sql,
  tables: readonly TableRef[],
): Promise<readonly string[]> {
  const rows = await sql.unsafe<{ name: string }[]>(
    `with recursive ${FAMILY}, ${DEPENDENT_VIEWS}
     select ${named('d.oid')} as name from dependents d join pg_catalog.pg_class c on c.oid = d.oid
     where c.relkind = 'm' and c.relispopulated group by d.oid order by max(d.depth), 1`,
    [asJson(tables)],
  );
  return rows.map(({ name }) => name);
}

/** Labels (`schema.name`) of these tables, of their partitions, and of what they are partitions of. */
export async function readFamily(
  sql: postgres.Sql,
  tables: readonly TableRef[],
): Promise<ReadonlySet<string>> {
  const rows = await sql.unsafe<{ label: string }[]>(
    `with recursive ${FAMILY} select distinct n.nspname || '.' || c.relname as label from family f
     join pg_catalog.pg_class c on c.oid = f.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace`,
    [asJson(tables)],
  );
  return new Set(rows.map(({ label }) => label));
}

export interface FiringTrigger extends TableRef {
  readonly trigger: string;
  /** As pg_trigger has it: `O`, `R` or `A`. */
  readonly enabled: string;
}

/** Triggers of these tables and their partitions that are not switched off. */
export async function readTriggers(
  sql: postgres.Sql,
  tables: readonly TableRef[],
): Promise<readonly FiringTrigger[]> {
  return sql.unsafe<FiringTrigger[]>(
    `with recursive ${FAMILY} select n.nspname as schema, c.relname as name, t.tgname as trigger, t.tgenabled::text as enabled
     from (select distinct oid from below) b join pg_catalog.pg_class c on c.oid = b.oid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D'
     order by 1, 2, 3`,
    [asJson(tables)],
  );
}

/** Every column of these tables with the hash of its definition, as the facts have them. Needs the settings that facts are taken with. */
export async function readColumnPrints(
  sql: postgres.Sql,
  tables: readonly TableRef[],
): Promise<ReadonlyMap<string, string>> {
  const oids = await sql.unsafe<{ oid: string }[]>(
    `with recursive ${FAMILY} select oid::text as oid from wanted`,
    [asJson(tables)],
  );
  const [version] = await sql<{ number: string }[]>`select current_setting('server_version_num') as number`;
  const { columns } = objectQueries({
    chosen: oids.map(({ oid }) => Number(oid)),
    excluded: [],
    isSchemaOnly: false,
    major: Math.floor(Number(version?.number) / 10_000),
  });
  const rows = await sql.unsafe<{ name: string; def: string | null }[]>(columns);
  return new Map(rows.map(({ name, def }) => [name, printOf(def ?? '')]));
}
