import { dirname, join } from 'node:path';
import type postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import { findProgram, isExecutable } from '../../tools/find-program.ts';
import { startChain } from '../../tools/start-chain.ts';
import { lastLine } from '../../tools/start-tool.ts';
import type { SourceContext } from '../source.ts';
import type { ComingTable, TableLook, TablesOrder } from '../tables-target.ts';
import { PRINTING_SQL } from './fact-session.ts';
import { quoteName, quoteTable } from './quote-name.ts';
import { ownRows, readPrintedColumns, readRowPrint, type RowPrint } from './row-prints.ts';
import { withConnection } from './scratch-database.ts';
import { readTableLooks } from './tables-catalog.ts';

export const programOf = (id: string): string => `holdfast-tables ${id}`;

/** Says whose a schema is, and that it is complete. */
export const doneMark = (id: string): string => `holdfast restore ${id}`;
export const comingMark = (id: string): string => `holdfast restore ${id}, on its way`;

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const labelOf = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`;

/** Whatever both databases prefer: no limit, and values that are written as they are read. */
const OPTIONS = [
  'statement_timeout=0',
  'lock_timeout=60s',
  'idle_in_transaction_session_timeout=0',
  'default_transaction_read_only=off',
  'row_security=off',
  'search_path=',
  'DateStyle=ISO,YMD',
  'IntervalStyle=postgres',
  'TimeZone=UTC',
  'extra_float_digits=3',
  'bytea_output=hex',
  'lc_monetary=C',
  'xmloption=content',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

const environmentOf = (address: PostgresConfig, id: string): Record<string, Secret | string> => ({
  PGHOST: address.host,
  PGPORT: String(address.port),
  PGUSER: address.user,
  PGDATABASE: address.database,
  PGAPPNAME: programOf(id),
  PGCONNECT_TIMEOUT: '10',
  PGCLIENTENCODING: 'UTF8',
  PGOPTIONS: OPTIONS,
  ...(address.password === null ? {} : { PGPASSWORD: address.password }),
  ...(address.sslMode == null ? {} : { PGSSLMODE: address.sslMode }),
  ...(address.sslRootCert === null ? {} : { PGSSLROOTCERT: address.sslRootCert }),
});

async function findPsql(config: Config, beside: string, ctx: SourceContext): Promise<string> {
  const near = join(dirname(beside), 'psql');
  return (await isExecutable(near)) ? near : (await findProgram(config, 'psql', ctx)).file;
}

/** The copy's tables in their order. Throws `conflict` for one that is not there. */
export async function lookAtCopy(
  sql: postgres.Sql,
  tables: readonly ComingTable[],
): Promise<readonly TableLook[]> {
  const looks = new Map((await readTableLooks(sql, tables)).map((look) => [labelOf(look), look]));
  return tables.map((table) => {
    const look = looks.get(labelOf(table));
    if (look === undefined) throw new AppError('conflict', `the copy holds no table ${labelOf(table)}`);
    return look;
  });
}

/** A type that the live database does not have is shown as text. */
async function definitionOf(sql: postgres.Sql, { columns }: TableLook): Promise<string> {
  const parts: string[] = [];
  for (const { name, type } of columns) {
    const [known] = await sql<{ is: boolean }[]>`select to_regtype(${type}) is not null as is`;
    parts.push(`${quoteName(name)} ${known?.is === true ? type : 'text'}`);
  }
  return `(${parts.join(', ')})`;
}

/** See TablesTarget.stage. */
export async function stageTables(
  config: Config,
  ctx: SourceContext,
  order: TablesOrder,
  tell: (table: ComingTable, done: number) => void,
): Promise<void> {
  const copy: PostgresConfig = { ...config.source, database: order.copy };
  const live: PostgresConfig = { ...config.source, database: order.live };
  const psql = await findPsql(config, order.program, ctx);
  const looks = await withConnection(
    copy,
    (sql) => withEmptyPath(sql, () => lookAtCopy(sql, order.tables)),
    ctx.signal,
  );
  await withConnection(
    live,
    (sql) => withEmptyPath(sql, () => createSideTables(sql, order, looks)),
    ctx.signal,
  );
  for (const [index, table] of order.tables.entries()) {
    tell(table, index);
    const look = looks[index];
    if (look === undefined) continue;
    await pump(psql, { copy, live }, order, table, look, ctx);
    const [from, to] = await Promise.all([
      printIn(copy, ctx, (sql) => printOfCopy(sql, look)),
      printIn(live, ctx, (sql) => printOfStaged(sql, order, table, copy, ctx)),
    ]);
    if (from.rows !== to.rows || from.fingerprint !== to.fingerprint) {
      throw new AppError(
        'verification_failed',
        `the rows of ${labelOf(table)} did not arrive as they are in the backup: ${String(from.rows)} went, ${String(to.rows)} came`,
        { hint: 'The live tables are as before; restore into a new database, and look at both.' },
      );
    }
  }
}

const withEmptyPath = async <T>(sql: postgres.Sql, act: () => Promise<T>): Promise<T> => {
  await sql.unsafe("set search_path = ''; set statement_timeout = 0");
  return act();
};

async function createSideTables(
  sql: postgres.Sql,
  { id, sideSchema, tables }: TablesOrder,
  looks: readonly TableLook[],
): Promise<void> {
  const there = await sql`select from pg_catalog.pg_namespace where nspname = ${sideSchema}`;
  if (there.length > 0) {
    throw new AppError('conflict', `there is a schema ${sideSchema} already`, {
      hint: 'Start the restore again: each has a schema of its own.',
    });
  }
  const statements = [
    `create schema ${quoteName(sideSchema)}`,
    `comment on schema ${quoteName(sideSchema)} is ${literal(comingMark(id))}`,
  ];
  for (const [index, { sideName }] of tables.entries()) {
    const look = looks[index];
    if (look === undefined) continue;
    statements.push(
      `create table ${quoteTable({ schema: sideSchema, name: sideName })} ${await definitionOf(sql, look)}`,
    );
  }
  await sql.unsafe(`begin; ${statements.join('; ')}; commit`);
}

/** The bytes go from one program to the other through a pipe of the kernel: none of them passes through this process. */
async function pump(
  psql: string,
  { copy, live }: { readonly copy: PostgresConfig; readonly live: PostgresConfig },
  { id, sideSchema }: TablesOrder,
  table: ComingTable,
  look: TableLook,
  ctx: SourceContext,
): Promise<void> {
  const columns = look.columns.map(({ name }) => quoteName(name)).join(', ');
  const args = (command: string): string[] => [
    '--no-psqlrc',
    '--no-password',
    '--quiet',
    '--set=ON_ERROR_STOP=1',
    `--command=${command}`,
  ];
  const chain = startChain(
    ctx,
    [
      {
        file: psql,
        args: args(`copy (select ${columns} from ${ownRows(look, look.kind === 'partitioned')}) to stdout`),
        env: environmentOf(copy, id),
      },
      {
        file: psql,
        args: args(
          `copy ${quoteTable({ schema: sideSchema, name: table.sideName })}${columns === '' ? '' : ` (${columns})`} from stdin`,
        ),
        env: environmentOf(live, id),
      },
    ],
    'ignore',
  );
  chain.input.end();
  const links = await chain.links;
  ctx.signal.throwIfAborted();
  for (const { exit, startError } of links) {
    if (startError !== undefined) throw startError;
    if (exit.code !== 0) {
      const said =
        /^(?:psql: )?(?:error|ERROR): {1,2}(.*)$/m.exec(exit.stderrTail)?.[1] ?? lastLine(exit.stderrTail);
      throw new AppError(
        'restore_failed',
        `the rows of ${labelOf(table)} could not be brought over: ${said}`,
        {
          hint: 'The live tables are as before; the log of the database server holds more of it.',
        },
      );
    }
  }
}

async function printIn(
  address: PostgresConfig,
  ctx: SourceContext,
  read: (sql: postgres.Sql) => Promise<RowPrint>,
): Promise<RowPrint> {
  return withConnection(
    address,
    async (sql) => {
      await sql.unsafe('begin isolation level repeatable read read only');
      await sql.unsafe(PRINTING_SQL);
      return read(sql);
    },
    ctx.signal,
  );
}

async function printOfCopy(sql: postgres.Sql, look: TableLook): Promise<RowPrint> {
  return readRowPrint(
    sql,
    ownRows(look, look.kind === 'partitioned'),
    await readPrintedColumns(sql, look),
    'newest',
  );
}

/** Printed as the copy prints them: a type that became text prints the same. */
async function printOfStaged(
  sql: postgres.Sql,
  { sideSchema }: TablesOrder,
  table: ComingTable,
  copy: PostgresConfig,
  ctx: SourceContext,
): Promise<RowPrint> {
  const columns = await withConnection(copy, (other) => readPrintedColumns(other, table), ctx.signal);
  return readRowPrint(
    sql,
    `only ${quoteTable({ schema: sideSchema, name: table.sideName })}`,
    columns,
    'newest',
  );
}
