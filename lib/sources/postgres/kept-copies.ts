import type postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { Config } from '../../platform/config.ts';
import type { KeptCopiesServer, KeptSize } from '../kept-copies.ts';
import { insideDatabase } from './inside-database.ts';
import { isPostgresError, withMaintenance } from './maintenance.ts';
import { quoteName, quoteTable } from './quote-name.ts';
import { doneMark } from './stage-tables.ts';

const LOCK_WAIT = '5s';

const sizeOf = ({ size, connections }: SizeRow): KeptSize => ({
  sizeBytes: size === null ? null : Number(size),
  connections,
});
interface SizeRow {
  readonly name: string;
  readonly size: string | null;
  readonly connections: number;
}

const isNoDatabase = (error: unknown): boolean =>
  error instanceof AppError && error.fields['reason'] === '3D000';

const gone = (what: string): AppError =>
  new AppError('not_found', `${what} is not there any more`, {
    hint: 'Somebody dropped it already; load the list again.',
  });

/** See KeptCopiesServer. */
export function createKeptCopiesServer(config: Config): KeptCopiesServer {
  return {
    databases: (ctx, names) =>
      withMaintenance(config, ctx, [], async (sql) => {
        const rows = await sql<SizeRow[]>`
          select d.datname as name,
            case when has_database_privilege(d.oid, 'connect') or pg_has_role('pg_read_all_stats', 'usage')
              then pg_database_size(d.oid)::text end as size,
            (select count(*)::int from pg_stat_activity a where a.datid = d.oid and a.pid <> pg_backend_pid()
              and a.usesysid is not null) as connections
          from pg_database d where d.datname in ${sql([...names])}`;
        return new Map(rows.map((row) => [row.name, sizeOf(row)]));
      }),
    schemas: async (ctx, database, wanted) => {
      try {
        return await insideDatabase(config, ctx, database, async (sql) => {
          const rows = await sql<(SizeRow & { readonly mark: string | null })[]>`
            select n.nspname as name, obj_description(n.oid, 'pg_namespace') as mark, 0 as connections,
              (select coalesce(sum(pg_total_relation_size(c.oid)), 0)::text from pg_catalog.pg_class c
                where c.relnamespace = n.oid and c.relkind in ('r', 'm')) as size
            from pg_catalog.pg_namespace n where n.nspname in ${sql(wanted.map(({ name }) => name))}`;
          const marks = new Map(wanted.map(({ name, id }) => [name, doneMark(id)]));
          return new Map(
            rows.filter(({ name, mark }) => mark === marks.get(name)).map((row) => [row.name, sizeOf(row)]),
          );
        });
      } catch (error) {
        if (isNoDatabase(error)) return new Map();
        throw error;
      }
    },
    dropDatabase: (ctx, name) =>
      withMaintenance(config, ctx, [name], async (sql) => {
        await needNobody(sql, name);
        try {
          await sql.unsafe(`drop database ${quoteName(name)}`);
        } catch (error) {
          if (isPostgresError(error, '3D000')) throw gone(`the database ${name}`);
          if (!isPostgresError(error, '55006')) throw error;
          // Somebody came in between.
          await needNobody(sql, name);
          throw new AppError('conflict', `the database ${name} is in use`, {
            hint: 'Look on the server for prepared transactions, replication slots and subscriptions of this database.',
            cause: error,
          });
        }
      }),
    dropSchema: async (ctx, { database, name, id }) => {
      try {
        await insideDatabase(config, ctx, database, (sql) =>
          sql.begin(async (tx) => {
            await tx.unsafe(`set local lock_timeout = '${LOCK_WAIT}'`);
            const [schema] = await tx<{ mark: string | null }[]>`
              select obj_description(oid, 'pg_namespace') as mark from pg_catalog.pg_namespace where nspname = ${name}`;
            if (schema?.mark !== doneMark(id)) throw gone(`the schema ${name} of ${database}`);
            const tables = await tx<{ name: string }[]>`
              select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              where n.nspname = ${name} and c.relkind in ('r', 'p') and not c.relispartition`;
            // Without cascade: what people have built on it is theirs.
            if (tables.length > 0)
              await tx.unsafe(
                `drop table ${tables.map((table) => quoteTable({ schema: name, name: table.name })).join(', ')}`,
              );
            await tx.unsafe(`drop schema ${quoteName(name)}`);
          }),
        );
      } catch (error) {
        if (isNoDatabase(error)) throw gone(`the schema ${name} of ${database}`);
        throw dropFailure(error, name);
      }
    },
  };
}

/** Autovacuum has no user, and is sent away by the server itself. */
async function needNobody(sql: postgres.Sql, database: string): Promise<void> {
  const others = await sql<{ pid: number; name: string }[]>`
    select pid, coalesce(nullif(application_name, ''), usename) as name
    from pg_stat_activity where datname = ${database} and usesysid is not null order by pid`;
  if (others.length === 0) return;
  const who = others
    .slice(0, 5)
    .map(({ pid, name }) => `${name} (process ${String(pid)})`)
    .join(', ');
  throw new AppError('conflict', `${String(others.length)} connected to ${database}: ${who}`, {
    hint: 'Nobody is sent away for this: end these connections, and try again.',
  });
}

function dropFailure(error: unknown, name: string): unknown {
  const reason = error instanceof AppError ? error.fields['reason'] : undefined;
  if (reason === '2BP01') {
    return new AppError(
      'conflict',
      `something is in the schema ${name}, or built on it, that no restore made`,
      {
        hint: 'Nothing was dropped. Take it out of there, or drop the schema by hand on the server.',
        cause: error,
      },
    );
  }
  if (reason === '55P03') {
    return new AppError('timeout', `somebody is using a table of the schema ${name}`, {
      hint: 'Nothing was dropped. Look for long transactions in pg_stat_activity, and try again.',
      cause: error,
    });
  }
  return error;
}
