import type postgres from 'postgres';
import { columnDifferences } from '../../core/column-differences.ts';
import { AppError } from '../../core/errors.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import type { SourceContext, TableRef } from '../source.ts';
import type { BroughtTable, ComingTable, CreationSql, TableLook, TablesOrder } from '../tables-target.ts';
import { bringFailure } from './bring-failure.ts';
import { orphansSql, readForeignKeys } from './check-foreign-keys.ts';
import { connect } from './connect.ts';
import { PRINTING_SQL } from './fact-session.ts';
import { moveSequences, readNextNumbers } from './move-sequences.ts';
import { leftMark, LEFT_VERSION } from './left-mark.ts';
import { quoteName, quoteTable } from './quote-name.ts';
import type { PrintedColumn } from './row-print.ts';
import { ownRows, readPrintedColumns, readRowPrint } from './row-prints.ts';
import { withConnection } from './scratch-database.ts';
import { doneMark, literal, lookAtCopy, programOf } from './stage-tables.ts';
import {
  readFamily,
  readNumberingSequences,
  readStaleViews,
  readTableLooks,
  readTriggers,
  type FiringTrigger,
} from './tables-catalog.ts';

const LOCK_WAIT = '60s';

const labelOf = ({ schema, name }: TableRef): string => `${schema}.${name}`;

/** Whether triggers and foreign keys can be silenced for a transaction. Leaves the setting as it was. */
export async function maySilence(sql: postgres.Sql): Promise<boolean> {
  await sql.unsafe('begin');
  try {
    await sql.unsafe('set local session_replication_role = replica');
    return true;
  } catch {
    return false;
  } finally {
    await sql.unsafe('rollback');
  }
}

/** What the transaction needs to know of a table whose rows come in. */
export interface CopiedTable extends ComingTable {
  readonly look: TableLook;
  readonly printed: readonly PrintedColumn[];
}

async function readCopy(
  config: Config,
  ctx: SourceContext,
  { copy, tables }: TablesOrder,
): Promise<{ readonly tables: readonly CopiedTable[]; readonly next: ReadonlyMap<string, bigint> }> {
  return withConnection(
    { ...config.source, database: copy },
    async (sql) => {
      await sql.unsafe("set search_path = ''; set statement_timeout = 0");
      const looks = await lookAtCopy(sql, tables);
      const found: CopiedTable[] = [];
      for (const [index, table] of tables.entries()) {
        const look = looks[index];
        if (look !== undefined) found.push({ ...table, look, printed: await readPrintedColumns(sql, table) });
      }
      return { tables: found, next: await readNextNumbers(sql, await readNumberingSequences(sql, tables)) };
    },
    ctx.signal,
  );
}

/**
 * One transaction on a connection of its own. Where that is lost, nothing more is sent: the driver would connect anew, and what
 * follows would be outside.
 */
export async function inOneTransaction<T>(
  address: PostgresConfig,
  id: string,
  ctx: SourceContext,
  act: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  ctx.signal.throwIfAborted();
  const stop = (): void => {
    void sql.end({ timeout: 0 });
  };
  const sql = await connect(address, { applicationName: programOf(id), onClose: stop });
  ctx.signal.addEventListener('abort', stop, { once: true });
  try {
    await sql.unsafe('begin isolation level read committed read write');
    await sql.unsafe(PRINTING_SQL);
    await sql.unsafe(`set local lock_timeout = '${LOCK_WAIT}'`);
    const result = await act(sql);
    await sql.unsafe('commit');
    return result;
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    throw bringFailure(thrown, address);
  } finally {
    ctx.signal.removeEventListener('abort', stop);
    // Ends the transaction too, where it is open.
    await sql.end({ timeout: 1 });
  }
}

/** See TablesTarget.bring. */
export async function bringTables(
  config: Config,
  ctx: SourceContext,
  order: TablesOrder,
  creation: (missing: readonly TableRef[]) => Promise<CreationSql>,
  tell: (table: ComingTable, done: number) => void,
  say: (line: string) => void,
): Promise<readonly BroughtTable[]> {
  const { id, live, into, sideSchema, keepSchema } = order;
  const address: PostgresConfig = { ...config.source, database: live };
  const copy = await readCopy(config, ctx, order);
  return inOneTransaction(address, id, ctx, async (sql) => {
    if (into === 'side-schema') {
      const brought: BroughtTable[] = [];
      for (const table of copy.tables)
        brought.push(outcomeOf(table, { rows: await countRows(sql, stagedName(order, table)) }));
      await markDone(sql, sideSchema, id);
      return brought;
    }
    const isSilent = await silence(sql);
    const there = await lockTables(sql, order);
    const replaced = copy.tables.filter((table) => into === 'replace' && there.has(labelOf(table))).length;
    const missing = copy.tables.filter((table) => !there.has(labelOf(table)));
    const made = missing.length === 0 ? null : await creation(missing);
    if (made !== null) await sql.unsafe(made.before);
    const looks = new Map((await readTableLooks(sql, order.tables)).map((look) => [labelOf(look), look]));
    for (const table of copy.tables) needAlike(table, looks.get(labelOf(table)), order, isSilent);

    const enableTriggers = await disableTriggers(sql, order.tables, isSilent);
    await sql.unsafe(`create schema ${quoteName(keepSchema)}`);
    const brought: BroughtTable[] = [];
    for (const [index, table] of copy.tables.entries()) {
      tell(table, index);
      const look = looks.get(labelOf(table));
      if (look === undefined) continue;
      const wasCreated = !there.has(labelOf(table));
      brought.push(
        into === 'replace' || wasCreated
          ? await replaceRows(sql, order, table, look, wasCreated ? null : replaced)
          : await appendRows(sql, order, table, look),
      );
    }
    if (made !== null)
      await sql.unsafe(`${made.after}; select pg_catalog.set_config('search_path', '', true)`);
    await enableTriggers();
    await holdKeys(sql, order);
    for (const line of await moveSequences(sql, await readNumberingSequences(sql, order.tables), copy.next))
      say(line);
    await refreshViews(sql, order, say);
    for (const table of copy.tables) await sql.unsafe(`drop table ${stagedName(order, table)}`);
    await sql.unsafe(`drop schema ${quoteName(sideSchema)}`);
    await markDone(sql, keepSchema, id);
    return brought;
  });
}

const stagedName = ({ sideSchema }: Pick<TablesOrder, 'sideSchema'>, { sideName }: ComingTable): string =>
  quoteTable({ schema: sideSchema, name: sideName });

export const markDone = async (sql: postgres.Sql, schema: string, id: string): Promise<void> => {
  await sql.unsafe(`comment on schema ${quoteName(schema)} is ${literal(doneMark(id))}`);
};

const outcomeOf = (
  { schema, name, sideName }: ComingTable,
  counts: Partial<BroughtTable> & { readonly rows: number },
): BroughtTable => ({
  schema,
  name,
  sideName,
  wasCreated: false,
  before: 0,
  added: 0,
  refused: 0,
  ...counts,
});

export async function countRows(sql: postgres.Sql, from: string): Promise<number> {
  const [row] = await sql.unsafe<{ rows: string }[]>(`select count(*)::text as rows from ${from}`);
  return Number(row?.rows);
}

/** Neither triggers nor foreign keys act then; what they hold is held at the end. */
export async function silence(sql: postgres.Sql): Promise<boolean> {
  await sql.unsafe('savepoint silence');
  try {
    await sql.unsafe('set local session_replication_role = replica');
    return true;
  } catch (error) {
    await sql.unsafe('rollback to savepoint silence');
    if ((error as { readonly code?: string }).code !== '42501') throw error;
    return false;
  }
}

/**
 * Nobody writes to these tables until the end, nor to those whose foreign keys go to or from them; reading goes on, and sees the old
 * rows. Returns the labels of those that are there.
 */
export async function lockTables(
  sql: postgres.Sql,
  { tables, into }: Pick<TablesOrder, 'tables' | 'into'>,
): Promise<ReadonlySet<string>> {
  const there = (await readTableLooks(sql, tables)).filter(({ kind }) => kind !== 'other');
  const family = await readFamily(sql, tables);
  const others = (await readForeignKeys(sql))
    .filter(({ child, parent }) => family.has(labelOf(child)) || family.has(labelOf(parent)))
    .flatMap(({ child, parent }) => [child, parent])
    .filter((table) => !family.has(labelOf(table)));
  const modes = new Map<string, string>();
  for (const table of others) modes.set(quoteTable(table), 'share row exclusive');
  for (const table of there)
    modes.set(quoteTable(table), into === 'append' ? 'share row exclusive' : 'exclusive');
  // In one order: two that lock each other's tables would wait for ever.
  for (const [name, mode] of [...modes].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    await sql.unsafe(`lock table ${name} in ${mode} mode`);
  return new Set(there.map(labelOf));
}

export function needAlike(
  table: CopiedTable,
  look: TableLook | undefined,
  { into }: Pick<TablesOrder, 'into'>,
  isSilent: boolean,
): void {
  const label = labelOf(table);
  const refuse = (message: string, hint: string): never => {
    throw new AppError('conflict', message, { hint: `${hint} The live tables are as before.` });
  };
  if (look === undefined) return refuse(`${label} could not be created`, 'Restore into a new database.');
  if (look.kind !== 'table' && look.kind !== 'partitioned')
    return refuse(`${label} is not a table that holds rows`, 'Bring it into a side schema.');
  const [first] = columnDifferences(table.look.columns, look.columns);
  if (first !== undefined) {
    return refuse(
      `${label} is not as it was: ${first}`,
      'Bring it into a side schema, and copy over what you need.',
    );
  }
  if (look.hidesRows)
    return refuse(`row security hides rows of ${label}`, 'Name a user in PGUSER whom it does not concern.');
  if (into === 'append' && look.key.length === 0)
    return refuse(
      `${label} has no key that tells its rows apart`,
      'Replace it, or bring it into a side schema.',
    );
  if (into === 'replace' && !isSilent && look.keysIn.length > 0) {
    return refuse(
      `${look.keysIn.join(', ')} would act while ${label} is replaced`,
      'Allow it: "grant set on parameter session_replication_role to …" (PostgreSQL 15 or newer), or name a superuser in PGUSER.',
    );
  }
}

const triggerSql = (
  { schema, name, trigger, enabled }: FiringTrigger,
  what: 'disable' | 'enable',
): string => {
  const how = enabled === 'A' ? 'always ' : enabled === 'R' ? 'replica ' : '';
  return `alter table ${quoteTable({ schema, name })} ${what} ${what === 'enable' ? how : ''}trigger ${quoteName(trigger)}`;
};

/**
 * Switches off the triggers that act although the session is silent, or all of them where it could not be. Returns what switches them
 * on again, as they were.
 */
export async function disableTriggers(
  sql: postgres.Sql,
  tables: readonly TableRef[],
  isSilent: boolean,
): Promise<() => Promise<void>> {
  const silenced = (await readTriggers(sql, tables)).filter(({ enabled }) => !isSilent || enabled !== 'O');
  for (const trigger of silenced) await sql.unsafe(triggerSql(trigger, 'disable'));
  return async () => {
    for (const trigger of silenced) await sql.unsafe(triggerSql(trigger, 'enable'));
  };
}

/** Where rows come from and where those are kept that they replace. */
type Schemas = Pick<TablesOrder, 'id' | 'sideSchema' | 'keepSchema'>;

/** Every column that takes a value, and that the backup has. */
function insertion(order: Schemas, table: CopiedTable, look: TableLook): string {
  const known = new Set(table.look.columns.map(({ name }) => name));
  const columns = look.columns
    .filter(({ name, isGenerated }) => !isGenerated && known.has(name))
    .map(({ name }) => quoteName(name))
    .join(', ');
  return `insert into ${quoteTable(table)} as t ${columns === '' ? '' : `(${columns})`} overriding system value
    select ${columns} from ${stagedName(order, table)}`;
}

/** `of`: how many tables are replaced together; null for one that was not there before. */
export async function replaceRows(
  sql: postgres.Sql,
  order: Schemas,
  table: CopiedTable,
  look: TableLook,
  of: number | null,
): Promise<BroughtTable> {
  const rows = ownRows(table, look.kind === 'partitioned');
  const kept = quoteTable({ schema: order.keepSchema, name: table.sideName });
  let before = 0;
  if (of !== null) {
    await sql.unsafe(`create table ${kept} as select * from ${rows}`);
    before = await countRows(sql, kept);
    await sql.unsafe(`delete from ${rows}`);
    // A rule of the table may have done something else instead.
    if ((await countRows(sql, rows)) > 0) {
      throw new AppError('conflict', `the rows of ${labelOf(table)} could not be taken away`, {
        hint: 'A rule of the table does not let them go: bring it into a side schema. The live tables are as before.',
      });
    }
  }
  await sql.unsafe(insertion(order, table, look));
  // As text: a live column may be of another type than the backup's, in which the same values print the same.
  const want = await readRowPrint(sql, `only ${stagedName(order, table)}`, table.printed, 1);
  const have = await readRowPrint(sql, rows, table.printed, 1);
  if (want.rows !== have.rows || want.fingerprint !== have.fingerprint) {
    throw new AppError(
      'verification_failed',
      `${labelOf(table)} would not hold what the backup holds: ${String(want.rows)} rows there, ${String(have.rows)} here`,
      { hint: 'Something in the live database changes rows as they come; the live tables are as before.' },
    );
  }
  if (of !== null) {
    // Not the columns of the backup: what is written to any of them afterwards must be seen.
    const print = await readRowPrint(sql, rows, await readPrintedColumns(sql, table), LEFT_VERSION);
    const mark = leftMark(order.id, { schema: table.schema, name: table.name, of, ...print });
    await sql.unsafe(`comment on table ${kept} is ${literal(mark)}`);
  }
  return outcomeOf(table, { wasCreated: of === null, rows: want.rows, before, added: want.rows });
}

/** Rows whose key, or any unique key, is there already stay out. The keys of those that came in are kept. */
async function appendRows(
  sql: postgres.Sql,
  order: TablesOrder,
  table: CopiedTable,
  look: TableLook,
): Promise<BroughtTable> {
  const keys = look.key.map(quoteName);
  const kept = quoteTable({ schema: order.keepSchema, name: table.sideName });
  const staged = stagedName(order, table);
  await sql.unsafe(`create table ${kept} as select ${keys.join(', ')} from ${quoteTable(table)} where false`);
  await sql.unsafe(
    `with added as (${insertion(order, table, look)} on conflict do nothing returning ${keys.map((key) => `t.${key}`).join(', ')})
     insert into ${kept} select * from added`,
  );
  const rows = await countRows(sql, staged);
  const added = await countRows(sql, kept);
  // As text: an operator of an extension's type is nowhere on the path.
  const refused = await countRows(
    sql,
    `${staged} s where not exists (select from ${quoteTable(table)} t where ${keys
      .map((key) => `t.${key}::text = s.${key}::text`)
      .join(' and ')})`,
  );
  return outcomeOf(table, { rows, added, before: rows - added - refused, refused });
}

/** Foreign keys of these tables, and of others that point at them; not those that were never held (NOT VALID). */
export async function holdKeys(
  sql: postgres.Sql,
  { tables, into }: Pick<TablesOrder, 'tables' | 'into'>,
): Promise<void> {
  const family = await readFamily(sql, tables);
  const broken: string[] = [];
  for (const key of await readForeignKeys(sql)) {
    const isOwn = family.has(labelOf(key.child));
    if (!isOwn && (into === 'append' || !family.has(labelOf(key.parent)))) continue;
    if (!key.isValidated) continue;
    const name = `${labelOf(key.child)}.${key.name}`;
    if (key.hasPeriod) {
      throw new AppError(
        'conflict',
        `the foreign key ${name} goes over periods of time and cannot be held here`,
        {
          hint: 'Bring the table into a side schema. The live tables are as before.',
        },
      );
    }
    const [row] = await sql.unsafe<{ orphans: string }[]>(orphansSql(key, false));
    const orphans = Number(row?.orphans);
    if (orphans > 0)
      broken.push(
        `${String(orphans)} ${orphans === 1 ? 'row' : 'rows'} of ${labelOf(key.child)} (${key.name})`,
      );
  }
  if (broken.length > 0) {
    throw new AppError('conflict', `rows would point at nothing: ${broken.slice(0, 5).join(', ')}`, {
      hint: 'Restore the tables on both sides of these foreign keys together, or bring them into a side schema. The live tables are as before.',
      fields: { reason: '23503' },
    });
  }
}

export async function refreshViews(
  sql: postgres.Sql,
  { tables }: Pick<TablesOrder, 'tables'>,
  say: (line: string) => void,
): Promise<void> {
  for (const view of await readStaleViews(sql, tables)) {
    await sql.unsafe('savepoint refresh');
    try {
      await sql.unsafe(`refresh materialized view ${view}`);
      say(`refreshed ${view}`);
    } catch (error) {
      await sql.unsafe('rollback to savepoint refresh');
      say(
        `${view} could not be refreshed, and shows what it showed: ${error instanceof Error ? error.message : ''}`,
      );
    }
  }
}
