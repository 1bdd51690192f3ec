import type postgres from 'postgres';
import type { RestoreLook } from '../../contracts/restore.ts';
import { AppError } from '../../core/errors.ts';
import type { Config } from '../../platform/config.ts';
import type { SourceContext, TableRef } from '../source.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { quoteName, quoteTable } from './quote-name.ts';
import { TABLES_SQL, tableOfRow, type TableRow } from './read-tables.ts';
import { withConnection } from './scratch-database.ts';

/** Somebody waits at the screen: what is not counted by then stays unknown. */
const COUNT_MS = 8_000;
const SAMPLE_ROWS = 20;
const VALUE_CHARACTERS = 200;

const SETTINGS =
  "set default_transaction_read_only = on; set search_path = ''; set row_security = off; set lock_timeout = '1s'; set jit = off";

const labelOf = ({ schema, name }: TableRef): string => `${schema}.${name}`;

interface Look {
  readonly database: string;
  readonly liveDatabase: string | null;
  readonly sample: TableRef | null;
}

/** See RestoreServer.lookInto. */
export async function readLook(config: Config, ctx: SourceContext, look: Look): Promise<RestoreLook> {
  const { database, liveDatabase, sample } = look;
  const read = async <T>(name: string, act: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    const address = { ...config.source, database: name };
    try {
      return await withConnection(
        address,
        async (sql) => {
          await sql.unsafe(SETTINGS);
          return act(sql);
        },
        ctx.signal,
      );
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw translatePostgresError(error, address);
    }
  };
  const [copy, live] = await Promise.all([
    read(database, async (sql) => ({
      counts: await countTables(sql, ctx),
      sample: sample === null ? null : await readSample(sql, sample),
    })),
    liveDatabase === null ? null : read(liveDatabase, (sql) => countTables(sql, ctx)),
  ]);
  const tables = [...copy.counts.values()].map(({ schema, name, rows }) => ({
    schema,
    name,
    rows,
    liveRows: live?.get(labelOf({ schema, name }))?.rows ?? null,
  }));
  const onlyLive = [...(live ?? [])].flatMap(([label, { schema, name, rows }]) =>
    copy.counts.has(label) ? [] : [{ schema, name, rows: null, liveRows: rows }],
  );
  return { database, liveDatabase, tables: [...tables, ...onlyLive], sample: copy.sample };
}

type Count = TableRef & { readonly rows: number | null };

async function countTables(sql: postgres.Sql, { clock }: SourceContext): Promise<ReadonlyMap<string, Count>> {
  const giveUpAt = clock.now().getTime() + COUNT_MS;
  const tables = (await sql.unsafe<TableRow[]>(TABLES_SQL))
    .map(tableOfRow)
    .filter(({ kind }) => kind !== 'foreign');
  const counts = new Map<string, Count>();
  // The small ones first: the time is then spent on those that take it.
  for (const { schema, name } of tables.toSorted((a, b) => a.estimateBytes - b.estimateBytes)) {
    const left = giveUpAt - clock.now().getTime();
    counts.set(labelOf({ schema, name }), { schema, name, rows: null });
    if (left <= 0) continue;
    try {
      await sql.unsafe(`set statement_timeout = ${String(Math.ceil(left))}`);
      const [row] = await sql.unsafe<{ rows: string }[]>(
        `select count(*)::text as rows from ${quoteTable({ schema, name })}`,
      );
      counts.set(labelOf({ schema, name }), { schema, name, rows: Number(row?.rows) });
    } catch {
      // One that is locked, too large or not for this user says nothing of the others.
    }
  }
  return new Map([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function readSample(sql: postgres.Sql, table: TableRef): Promise<RestoreLook['sample']> {
  const columns = await sql<{ name: string }[]>`
    select a.attname as name from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${table.schema} and c.relname = ${table.name} and c.relkind in ('r', 'p', 'v', 'm')
      and a.attnum > 0 and not a.attisdropped
    order by a.attnum`;
  if (columns.length === 0) {
    throw new AppError('not_found', `there is no table ${labelOf(table)} in the restored copy`, {
      hint: 'Choose one of the tables that are listed.',
    });
  }
  await sql.unsafe(`set statement_timeout = ${String(COUNT_MS)}`);
  const values = columns.map(({ name }) => `left(t.${quoteName(name)}::text, ${String(VALUE_CHARACTERS)})`);
  const rows = await sql
    .unsafe(`select ${values.join(', ')} from ${quoteTable(table)} t limit ${String(SAMPLE_ROWS)}`)
    .values();
  return {
    schema: table.schema,
    name: table.name,
    columns: columns.map(({ name }) => name),
    rows: rows.map((row: readonly unknown[]) =>
      row.map((value) => (typeof value === 'string' ? value.replaceAll('\0', '') : null)),
    ),
  };
}
