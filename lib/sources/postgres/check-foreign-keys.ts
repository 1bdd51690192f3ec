import type postgres from 'postgres';
import type { VerificationPolicy } from '../../contracts/verification.ts';
import { countOf, failed, listNames, passed, type Judged } from '../judged.ts';
import { quoteName, quoteTable } from './quote-name.ts';

export interface ForeignKey {
  readonly name: string;
  readonly isValidated: boolean;
  /** Compares ranges of time, not values. */
  readonly hasPeriod: boolean;
  readonly isFull: boolean;
  readonly child: { readonly schema: string; readonly name: string; readonly isPartitioned: boolean };
  readonly parent: { readonly schema: string; readonly name: string; readonly isPartitioned: boolean };
  /** Pairs of columns, and what compares the parent's with the child's. */
  readonly pairs: readonly {
    readonly child: string;
    readonly parent: string;
    readonly operator: string;
    readonly operatorSchema: string;
    readonly collation: string | null;
    readonly collationSchema: string | null;
  }[];
}

/** One for each key as it was written; those that partitions inherit are held with it. */
const FOREIGN_KEYS_SQL = `
  select con.conname as name, con.convalidated as "isValidated",
    coalesce((to_jsonb(con)->>'conperiod')::boolean, false) as "hasPeriod", con.confmatchtype = 'f' as "isFull",
    json_build_object('schema', cn.nspname, 'name', c.relname, 'isPartitioned', c.relkind = 'p') as child,
    json_build_object('schema', pn.nspname, 'name', p.relname, 'isPartitioned', p.relkind = 'p') as parent,
    (select json_agg(json_build_object('child', ca.attname, 'parent', pa.attname, 'operator', o.oprname,
        'operatorSchema', opn.nspname, 'collation', co.collname, 'collationSchema', con2.nspname) order by k.place)
      from unnest(con.conkey, con.confkey, con.conpfeqop) with ordinality k(child, parent, op, place)
      join pg_catalog.pg_attribute ca on ca.attrelid = con.conrelid and ca.attnum = k.child
      join pg_catalog.pg_attribute pa on pa.attrelid = con.confrelid and pa.attnum = k.parent
      join pg_catalog.pg_operator o on o.oid = k.op
      join pg_catalog.pg_namespace opn on opn.oid = o.oprnamespace
      left join pg_catalog.pg_collation co on co.oid = pa.attcollation
      left join pg_catalog.pg_namespace con2 on con2.oid = co.collnamespace) as pairs
  from pg_catalog.pg_constraint con
  join pg_catalog.pg_class c on c.oid = con.conrelid
  join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
  join pg_catalog.pg_class p on p.oid = con.confrelid
  join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
  where con.contype = 'f' and con.conparentid = 0
  order by cn.nspname, c.relname, con.conname`;

/** So many rows of each child are looked at where the policy wants a sample (4-ims.md BR-008). */
const SAMPLE_ROWS = 100;

export const readForeignKeys = async (sql: postgres.Sql): Promise<readonly ForeignKey[]> =>
  sql.unsafe<ForeignKey[]>(FOREIGN_KEYS_SQL);

const fullName = ({ child, name }: ForeignKey): string => `${child.schema}.${child.name}.${name}`;

/** Counts the rows of the child whose key is in no row of the parent. */
export function orphansSql(key: ForeignKey, isSample: boolean): string {
  const only = ({ isPartitioned }: { readonly isPartitioned: boolean }): string =>
    isPartitioned ? '' : 'only ';
  const child = `${only(key.child)}${quoteTable(key.child)}`;
  const from = isSample
    ? `(select * from ${child} order by pg_catalog.random() limit ${String(SAMPLE_ROWS)})`
    : child;
  const columns = key.pairs.map((pair) => `c.${quoteName(pair.child)}`);
  const matches = key.pairs.map((pair) => {
    const collate =
      pair.collation === null || pair.collationSchema === null
        ? ''
        : ` collate ${quoteName(pair.collationSchema)}.${quoteName(pair.collation)}`;
    return `p.${quoteName(pair.parent)} operator(${quoteName(pair.operatorSchema)}.${pair.operator}) c.${quoteName(pair.child)}${collate}`;
  });
  const areAllSet = columns.map((column) => `${column} is not null`).join(' and ');
  const isAnySet = columns.map((column) => `${column} is not null`).join(' or ');
  const isOrphan = `${areAllSet} and not exists (select from ${only(key.parent)}${quoteTable(key.parent)} p where ${matches.join(' and ')})`;
  const where = key.isFull ? `(${isOrphan}) or ((${isAnySet}) and not (${areAllSet}))` : isOrphan;
  return `select count(*)::text as orphans from ${from} c where ${where}`;
}

/** Holds every foreign key of the copy against its rows; keys that the source never held (NOT VALID) are told and not judged. */
export async function checkForeignKeys(
  sql: postgres.Sql,
  policy: VerificationPolicy['foreignKeys'],
): Promise<Judged> {
  const keys = await readForeignKeys(sql);
  const checked = keys.filter(({ isValidated, hasPeriod }) => isValidated && !hasPeriod);
  const broken: string[] = [];
  for (const key of checked) {
    const [row] = await sql.unsafe<{ orphans: string }[]>(orphansSql(key, policy === 'sample'));
    const orphans = Number(row?.orphans);
    if (orphans > 0) broken.push(`${fullName(key)} (${countOf(orphans, 'row')})`);
  }
  const notValid = keys.filter(({ isValidated }) => !isValidated);
  const periods = keys.filter(({ isValidated, hasPeriod }) => isValidated && hasPeriod);
  const want = `${countOf(checked.length, 'foreign key')} without orphans${policy === 'sample' ? `, in ${String(SAMPLE_ROWS)} random rows each` : ''}`;
  const have = [
    `${String(checked.length - broken.length)} without orphans`,
    ...(notValid.length === 0
      ? []
      : [`not valid at the source either: ${listNames(notValid.map(fullName))}`]),
    ...(periods.length === 0
      ? []
      : [`of periods, held by the restore alone: ${listNames(periods.map(fullName))}`]),
  ].join('; ');
  return broken.length === 0
    ? passed('foreign-keys', want, have)
    : failed('foreign-keys', want, have, `rows that point nowhere: ${listNames(broken)}`);
}
