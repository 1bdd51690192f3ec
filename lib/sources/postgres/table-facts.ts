import type { TableFact, UnknownReason } from '../../contracts/facts.ts';
import type { FactsPolicy } from '../source.ts';
import type { FactSession, FactsLimits } from './fact-session.ts';
import { quoteName, quoteTable } from './quote-name.ts';
import { fingerprintSql, type FingerprintSql } from './fingerprint-version.ts';
import { fingerprintOf, type PrintedColumn } from './row-print.ts';
import type { CatalogTable } from './table-selection.ts';

/** A column that a sequence numbers. */
export interface NumberedColumn {
  readonly name: string;
  /** The sequence counts down. */
  readonly isDescending: boolean;
}

/** What one pass over a table, or the sum over its partitions, tells. */
export interface TableReading {
  readonly fact: TableFact;
  /** By column name; null where there is no value, or none is known. */
  readonly extremes: ReadonlyMap<string, bigint | null>;
}

interface Counted {
  readonly rows: number | null;
  readonly sums: readonly [bigint, bigint] | null;
  readonly unknown: UnknownReason | null;
  readonly extremes: ReadonlyMap<string, bigint | null>;
}

export interface Shape {
  readonly columns: readonly PrintedColumn[];
  readonly bytes: number;
}

/** Without generated columns: a dump does not carry them. */
export const SHAPES_SQL = `
  select c.oid::text as oid,
    (pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0))::text as bytes,
    (select coalesce(json_agg(json_build_object('name', a.attname, 'mark', case
        when a.atttypid in (25, 1042, 1043) then 'length'
        when t.typcategory in ('N', 'B', 'D', 'T', 'I', 'A', 'R', 'G', 'C') then 'none'
        when a.atttypid in (17, 114, 2950, 3802) then 'none'
        else 'null' end,
        'type', case when t.typnamespace = 'pg_catalog'::regnamespace then t.typname end) order by a.attname collate "C"), '[]')
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
  from pg_class c where c.relkind = 'r' and c.oid = any(`;

export const ENCODING_SQL = `
  select pg_encoding_max_length(d.encoding) = 1 and d.encoding <> 0 as "isOneByte", pg_is_in_recovery() as "isStandby"
  from pg_database d where d.datname = current_database()`;

/** How often a table that somebody is changing is tried again. */
const RETRY_MS = 1_000;

export interface TablesPlan {
  readonly tables: readonly CatalogTable[];
  /** By table oid; a partitioned table's are looked for in its partitions. */
  readonly numbered: ReadonlyMap<number, readonly NumberedColumn[]>;
  readonly isSchemaOnly: boolean;
  /** Which fingerprints are taken; null: those that are wanted, this server cannot take. */
  readonly fingerprintVersion: number | null;
  /** Is told, before the first row is read, how large the ordinary tables are together. */
  readonly onSize: (bytes: number) => void;
}

const known = (reading: Counted): boolean => reading.rows !== null;

const nothing = (unknown: UnknownReason): Counted => ({
  rows: null,
  sums: null,
  unknown,
  extremes: new Map(),
});

/** The partitions below `table` that hold rows. */
function leavesOf(table: CatalogTable, tables: readonly CatalogTable[]): CatalogTable[] {
  return tables
    .filter(({ parents }) => parents.includes(table.oid))
    .flatMap((child) => (child.kind === 'partitioned' ? leavesOf(child, tables) : [child]))
    .filter(({ kind }) => kind === 'table');
}

function further(a: bigint | null, b: bigint | null, isDescending: boolean): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a < b === isDescending ? a : b;
}

/** Adds up the partitions of a partitioned table. One that is not known leaves the whole not known. */
function addUp(leaves: readonly Counted[], numbered: readonly NumberedColumn[]): Counted {
  const missing = leaves.find((leaf) => !known(leaf));
  if (missing !== undefined) return nothing(missing.unknown ?? 'query-failed');
  const noPrint = leaves.find(({ sums }) => sums === null);
  return {
    rows: leaves.reduce((sum, leaf) => sum + (leaf.rows ?? 0), 0),
    sums:
      noPrint === undefined
        ? [
            leaves.reduce((sum, leaf) => sum + (leaf.sums?.[0] ?? 0n), 0n),
            leaves.reduce((sum, leaf) => sum + (leaf.sums?.[1] ?? 0n), 0n),
          ]
        : null,
    unknown: noPrint?.unknown ?? null,
    extremes: new Map(
      numbered.map(({ name, isDescending }) => [
        name,
        leaves.reduce<bigint | null>(
          (found, leaf) => further(found, leaf.extremes.get(name) ?? null, isDescending),
          null,
        ),
      ]),
    ),
  };
}

/**
 * Counts every table exactly and prints its content, the largest first, shared out among the sessions. A table is locked against
 * removal while it is read, without waiting: who waited might read what came after a `truncate`, which obeys no snapshot.
 */
export async function readTableFacts(
  sessions: readonly FactSession[],
  plan: TablesPlan,
  policy: FactsPolicy,
  limits: FactsLimits,
): Promise<Map<number, TableReading>> {
  const { tables, numbered } = plan;
  const [first] = sessions;
  const counted = new Map<number, Counted>();
  const ordinary = tables.filter(({ kind }) => kind === 'table');
  const oids = `array[${ordinary.map(({ oid }) => String(oid)).join(',')}]::oid[])`;
  const shapes = new Map<number, Shape>();
  const answer = await first?.ask<{ oid: string; bytes: string | null; columns: PrintedColumn[] }>(
    'columns of tables',
    SHAPES_SQL + oids,
  );
  for (const row of answer?.rows ?? []) {
    shapes.set(Number(row.oid), { columns: row.columns, bytes: Number(row.bytes ?? 0) });
  }
  if (answer?.rows != null) plan.onSize(shapes.values().reduce((sum, { bytes }) => sum + bytes, 0));
  const server = (await first?.ask<{ isOneByte: boolean; isStandby: boolean }>('encoding', ENCODING_SQL))
    ?.rows?.[0];

  const wanted = new Map<number, NumberedColumn[]>();
  for (const table of tables) {
    const columns = numbered.get(table.oid) ?? [];
    for (const { oid } of table.kind === 'partitioned' ? leavesOf(table, tables) : [table]) {
      wanted.set(oid, [...(wanted.get(oid) ?? []), ...columns]);
    }
  }

  const queue: CatalogTable[] = [];
  for (const table of ordinary) {
    if (plan.isSchemaOnly) counted.set(table.oid, nothing('schema-only'));
    else if (table.isUnlogged && server?.isStandby === true) {
      counted.set(table.oid, nothing('unlogged-on-standby'));
    } else queue.push(table);
  }
  const bytesOf = ({ oid }: CatalogTable): number => shapes.get(oid)?.bytes ?? 0;
  queue.sort((a, b) => bytesOf(b) - bytesOf(a));

  const read = async (session: FactSession, table: CatalogTable): Promise<Counted | 'locked'> => {
    const shape = shapes.get(table.oid);
    const columns = wanted.get(table.oid) ?? [];
    const extremes = columns.map(({ name, isDescending }, index) => ({
      column: `${quoteName(name)}::bigint as x${String(index)}`,
      value: `${isDescending ? 'min' : 'max'}(x${String(index)})::text as x${String(index)}`,
    }));
    const isPrinted =
      policy.takesFingerprints &&
      shape !== undefined &&
      server !== undefined &&
      shape.bytes <= policy.fingerprintMaxBytes &&
      plan.fingerprintVersion !== null;
    const print = isPrinted
      ? fingerprintSql(plan.fingerprintVersion, shape.columns, server.isOneByte)
      : undefined;
    const count = (how: FingerprintSql | undefined): string => {
      const inner = [...(how === undefined ? [] : [how.row]), ...extremes.map(({ column }) => column)];
      const outer = [
        'count(*)::text as rows',
        ...(how === undefined ? [] : [how.sums]),
        ...extremes.map(({ value }) => value),
      ];
      return `select ${outer.join(', ')} from (select ${inner.join(', ')} from only ${quoteTable(table)} ${how === undefined ? '' : 'offset 0'}) r`;
    };
    const lock = `lock table only ${quoteTable(table)} in access share mode nowait`;
    const what = `table ${table.schema}.${table.name}`;
    let found = await session.ask<Record<string, string | null>>(what, count(print), lock);
    if (found.unknown !== null && found.code === '55P03' && limits.timeUp !== null) return 'locked';
    let unknown: UnknownReason | null = null;
    if (!isPrinted) {
      if (!policy.takesFingerprints) unknown = 'switched-off';
      else if (plan.fingerprintVersion === null) unknown = 'unsupported';
      else unknown = shape === undefined || server === undefined ? 'query-failed' : 'too-large';
    } else if (found.unknown === 'query-failed') {
      // A value that cannot be printed does not keep the rows from being counted.
      unknown = found.code.startsWith('54') ? 'too-large' : 'query-failed';
      found = await session.ask(what, count(undefined), lock);
    }
    const row = found.rows?.[0];
    if (row === undefined) return nothing(found.unknown ?? 'query-failed');
    return {
      rows: Number(row['rows']),
      sums: unknown === null ? [BigInt(row['h0'] ?? 0), BigInt(row['h1'] ?? 0)] : null,
      unknown,
      extremes: new Map(
        columns.map(({ name }, index) => {
          const value = row[`x${String(index)}`] ?? null;
          return [name, value === null ? null : BigInt(value)];
        }),
      ),
    };
  };
  const work = async (session: FactSession): Promise<void> => {
    for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
      const found = await read(session, table);
      if (found === 'locked') {
        queue.push(table);
        await limits.clock.sleep(RETRY_MS, limits.signal);
      } else counted.set(table.oid, found);
    }
  };
  await Promise.all(sessions.map(work));

  return new Map(
    tables.map((table) => {
      const columns = numbered.get(table.oid) ?? [];
      const found =
        table.kind === 'partitioned'
          ? plan.isSchemaOnly
            ? nothing('schema-only')
            : emptyOr(
                policy,
                addUp(
                  leavesOf(table, tables).map(({ oid }) => counted.get(oid) ?? nothing('query-failed')),
                  columns,
                ),
              )
          : (counted.get(table.oid) ?? nothing(table.kind === 'foreign' ? 'foreign-table' : 'query-failed'));
      const { schema, name, kind } = table;
      const fact: TableFact = {
        schema,
        name,
        kind,
        rows: found.rows,
        fingerprint: found.sums === null ? null : fingerprintOf(found.sums),
        unknown: found.unknown,
        bytes: kind === 'table' ? (shapes.get(table.oid)?.bytes ?? null) : null,
      };
      return [table.oid, { fact, extremes: found.extremes }];
    }),
  );
}

/** A partitioned table without partitions has a known, empty content; but no fingerprint where none is wanted. */
function emptyOr(policy: FactsPolicy, found: Counted): Counted {
  return policy.takesFingerprints || found.sums === null
    ? found
    : { ...found, sums: null, unknown: 'switched-off' };
}

export const unknownTable = ({ schema, name, kind }: CatalogTable, unknown: UnknownReason): TableFact => ({
  schema,
  name,
  kind,
  rows: null,
  fingerprint: null,
  unknown: kind === 'foreign' ? 'foreign-table' : unknown,
  bytes: null,
});
