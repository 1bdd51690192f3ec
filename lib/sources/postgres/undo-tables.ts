import type postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import type { SourceContext, TableRef } from '../source.ts';
import type {
  BroughtTable,
  ChangedTable,
  TableLook,
  TablesUndo,
  TablesUndoResult,
} from '../tables-target.ts';
import {
  disableTriggers,
  holdKeys,
  inOneTransaction,
  lockTables,
  markDone,
  needAlike,
  refreshViews,
  replaceRows,
  silence,
  type CopiedTable,
} from './bring-tables.ts';
import { LEFT_VERSION, readLeftMark, type LeftTable } from './left-mark.ts';
import { moveSequences } from './move-sequences.ts';
import { quoteName, quoteTable } from './quote-name.ts';
import { ownRows, readPrintedColumns, readRowPrint } from './row-prints.ts';
import { doneMark } from './stage-tables.ts';
import { readNumberingSequences, readTableLooks } from './tables-catalog.ts';

const labelOf = ({ schema, name }: TableRef): string => `${schema}.${name}`;

/** A table of rows from before, and the live one they belong to. */
interface KeptTable extends LeftTable {
  readonly sideName: string;
}

/** See TablesTarget.undo. */
export async function undoTables(
  config: Config,
  ctx: SourceContext,
  undo: TablesUndo,
  tell: (table: TableRef, done: number, count: number) => void,
  say: (line: string) => void,
): Promise<TablesUndoResult> {
  const { id, live, keepSchema, undoneSchema, acceptsChanges } = undo;
  const address: PostgresConfig = { ...config.source, database: live };
  try {
    return await inOneTransaction(address, id, ctx, async (sql) => {
      const isSilent = await silence(sql);
      const tables = await readKeptTables(sql, undo);
      const order = { tables, into: 'replace' } as const;
      const there = await lockTables(sql, order);
      const gone = tables.find((table) => !there.has(labelOf(table)));
      if (gone !== undefined)
        throw new AppError('conflict', `the live table ${labelOf(gone)} is not there any more`);
      const looks = new Map((await readTableLooks(sql, tables)).map((look) => [labelOf(look), look]));
      const changed = await readChanges(sql, tables, looks);
      if (changed.length > 0 && !acceptsChanges) return { state: 'changed', tables: changed };

      const coming = await asComing(sql, undo, tables, looks);
      for (const { table, look } of coming) needAlike(table, look, order, isSilent);
      const enableTriggers = await disableTriggers(sql, tables, isSilent);
      await sql.unsafe(`create schema ${quoteName(undoneSchema)}`);
      const places = { id, sideSchema: keepSchema, keepSchema: undoneSchema };
      const brought: BroughtTable[] = [];
      for (const [index, { table, look }] of coming.entries()) {
        tell(table, index, coming.length);
        brought.push(await replaceRows(sql, places, table, look, coming.length));
      }
      await enableTriggers();
      await holdKeys(sql, order);
      for (const line of await moveSequences(sql, await readNumberingSequences(sql, tables), new Map()))
        say(line);
      await refreshViews(sql, order, say);
      await dropKept(sql, keepSchema, tables, say);
      await markDone(sql, undoneSchema, id);
      return { state: 'undone', tables: brought };
    });
  } catch (thrown) {
    // What was said of a restore that could not be done holds here too; its advice does not.
    if (!(thrown instanceof AppError) || !['conflict', 'verification_failed'].includes(thrown.code))
      throw thrown;
    throw new AppError(thrown.code, thrown.message, {
      hint: `The live tables are as they were, and the rows from before are still in the schema ${keepSchema} of ${live}: copy over what you need.`,
      fields: thrown.fields,
      cause: thrown,
    });
  }
}

/** Throws `object_missing` where the schema is gone, is not of this restore, or lacks one of its tables. */
async function readKeptTables(
  sql: postgres.Sql,
  { id, live, keepSchema }: TablesUndo,
): Promise<readonly KeptTable[]> {
  const [schema] = await sql<{ mark: string | null }[]>`
    select obj_description(oid, 'pg_namespace') as mark from pg_catalog.pg_namespace where nspname = ${keepSchema}`;
  const rows = await sql<{ name: string; comment: string | null }[]>`
    select c.relname as name, obj_description(c.oid, 'pg_class') as comment
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${keepSchema} and c.relkind = 'r' order by c.relname collate "C"`;
  const tables = rows.flatMap(({ name, comment }) => {
    const left = readLeftMark(id, comment);
    return left === null ? [] : [{ ...left, sideName: name }];
  });
  const [first] = tables;
  if (schema?.mark === doneMark(id) && first !== undefined && tables.length === first.of) return tables;
  throw new AppError(
    'object_missing',
    schema === undefined
      ? `the schema ${keepSchema} of ${live}, which held the rows from before, is not there any more`
      : first === undefined
        ? `the schema ${keepSchema} of ${live} holds no rows from before`
        : `the schema ${keepSchema} of ${live} does not hold every table that this restore replaced`,
    {
      hint: 'The live tables are as they were, and one that was not there before is not taken away; restore an earlier backup of these tables instead.',
    },
  );
}

/** Which of the live tables are not as the restore left them. */
async function readChanges(
  sql: postgres.Sql,
  tables: readonly KeptTable[],
  looks: ReadonlyMap<string, TableLook>,
): Promise<readonly ChangedTable[]> {
  const changed: ChangedTable[] = [];
  for (const table of tables) {
    const { schema, name, rows, fingerprint } = table;
    const from = ownRows(table, looks.get(labelOf(table))?.kind === 'partitioned');
    const print = await readRowPrint(sql, from, await readPrintedColumns(sql, table), LEFT_VERSION);
    if (print.rows !== rows || print.fingerprint !== fingerprint)
      changed.push({ schema, name, leftRows: rows, liveRows: print.rows });
  }
  return changed;
}

/** What was kept of a generated column are plain values, which the live table computes again. */
async function asComing(
  sql: postgres.Sql,
  { keepSchema }: TablesUndo,
  tables: readonly KeptTable[],
  looks: ReadonlyMap<string, TableLook>,
): Promise<readonly { readonly table: CopiedTable; readonly look: TableLook }[]> {
  const places = tables.map(({ sideName }) => ({ schema: keepSchema, name: sideName }));
  const kept = new Map((await readTableLooks(sql, places)).map((look) => [look.name, look]));
  const coming: { table: CopiedTable; look: TableLook }[] = [];
  for (const { schema, name, sideName } of tables) {
    const look = looks.get(labelOf({ schema, name }));
    const keptLook = kept.get(sideName);
    if (look === undefined || keptLook === undefined) continue;
    const generated = new Set(look.columns.filter(({ isGenerated }) => isGenerated).map((one) => one.name));
    const columns = keptLook.columns.map((one) => ({ ...one, isGenerated: generated.has(one.name) }));
    const known = new Set(columns.map((one) => one.name));
    const printed = (await readPrintedColumns(sql, { schema, name })).filter((one) => known.has(one.name));
    coming.push({ table: { schema, name, sideName, look: { ...keptLook, columns }, printed }, look });
  }
  return coming;
}

/** Its rows are the live ones again. What people have built on it or put there themselves keeps it. */
async function dropKept(
  sql: postgres.Sql,
  keepSchema: string,
  tables: readonly KeptTable[],
  say: (line: string) => void,
): Promise<void> {
  await sql.unsafe('savepoint kept');
  try {
    for (const { sideName } of tables)
      await sql.unsafe(`drop table ${quoteTable({ schema: keepSchema, name: sideName })}`);
    await sql.unsafe(`drop schema ${quoteName(keepSchema)}`);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== '2BP01') throw error;
    await sql.unsafe('rollback to savepoint kept');
    say(`the schema ${keepSchema} stays: something that is not of this restore is in it or built on it`);
  }
}
