import { AppError } from '../../core/errors.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import type { DatabaseRead } from '../recovery-server.ts';
import type { SourceContext } from '../source.ts';
import { checkPages } from './check-amcheck.ts';
import { connect } from './connect.ts';
import { quoteTable } from './quote-name.ts';

const DATABASES_SQL = `select datname as name from pg_catalog.pg_database where datallowconn and not datistemplate order by 1`;

const TABLES_SQL = `
  select n.nspname as schema, c.relname as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  order by 1, 2`;

const unreadable = (what: string, cause: unknown): AppError =>
  new AppError(
    'verification_failed',
    `the server was recovered, but ${what} cannot be read: ${cause instanceof Error ? cause.message : 'no reason was given'}`,
    {
      hint: 'Check disk and memory of this machine, and recover it once more from this base archive or an older one.',
      cause,
    },
  );

async function readDatabase(ctx: SourceContext, address: PostgresConfig): Promise<DatabaseRead> {
  const sql = await connect(address, { applicationName: 'holdfast-recovery' });
  const onAbort = (): void => {
    void sql.end({ timeout: 0 });
  };
  ctx.signal.addEventListener('abort', onAbort, { once: true });
  let at = `the database ${address.database}`;
  try {
    const tables: { schema: string; name: string; rows: number }[] = [];
    for (const table of await sql.unsafe<{ schema: string; name: string }[]>(TABLES_SQL)) {
      at = `${table.schema}.${table.name} of ${address.database}`;
      const [row] = await sql.unsafe<{ rows: string }[]>(
        `select count(*)::text as rows from only ${quoteTable(table)}`,
      );
      tables.push({ ...table, rows: Number(row?.rows) });
    }
    at = `the database ${address.database}`;
    const pages = await checkPages(sql);
    if (pages.verdict !== 'PASSED' && pages.isRequired) {
      throw new AppError('verification_failed', `${address.database}: ${pages.reason ?? 'it is damaged'}`, {
        hint: 'Check disk and memory of this machine, and recover it once more from this base archive or an older one.',
      });
    }
    return { database: address.database, tables, unchecked: pages.reason };
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw error instanceof AppError ? error : unreadable(at, error);
  } finally {
    ctx.signal.removeEventListener('abort', onAbort);
    await sql.end({ timeout: 1 });
  }
}

/** Every table of every database of a server, read to its end. */
export async function readServer(
  ctx: SourceContext,
  address: PostgresConfig,
): Promise<readonly DatabaseRead[]> {
  const sql = await connect(address, { applicationName: 'holdfast-recovery' });
  let names: string[];
  try {
    names = (await sql.unsafe<{ name: string }[]>(DATABASES_SQL)).map(({ name }) => name);
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw unreadable('its list of databases', error);
  } finally {
    await sql.end({ timeout: 1 });
  }
  const read: DatabaseRead[] = [];
  for (const database of names) read.push(await readDatabase(ctx, { ...address, database }));
  return read;
}
