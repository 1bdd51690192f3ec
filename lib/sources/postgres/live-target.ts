import postgres from 'postgres';
import type { DatabaseFact } from '../../contracts/facts.ts';
import { AppError } from '../../core/errors.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import type { LiveTarget, SourceContext, TableRef, TargetState } from '../source.ts';
import { readVersion } from './connect.ts';
import { judgeLiveRestore } from './live-target-failure.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { quoteName, quoteTable } from './quote-name.ts';
import { TABLES_SQL, tableOfRow, type TableRow } from './read-tables.ts';
import { runPgRestore } from './run-pg-restore.ts';
import { creationOf, dropScratchDatabase, withConnection } from './scratch-database.ts';

/** Databases from which others are made; at least one of them lets people in. */
const MAINTENANCE = ['postgres', 'template1'] as const;
/** Who holds a table for longer keeps the application from being restored; better to say so than to wait for ever. */
const LOCK_WAIT_MS = 60_000;
const LOOK_EVERY_MS = 2_000;
const PROGRAM = 'holdfast-restore';

const isAbsent = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.code === '3D000';

/**
 * Tables by their oids: what a restore that was rolled back leaves as they were. Not by their files, which change with any truncate
 * or vacuum of somebody else.
 */
const MARK_SQL = `
  select coalesce(md5(string_agg(c.oid::text, ',' order by c.oid)), '') as mark
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join jsonb_to_recordset($1::text::jsonb) t(schema text, name text) on t.schema = n.nspname and t.name = c.relname`;

/** A database of the source's server, there or not, that is restored into where it stands. */
export function createLiveTarget(config: Config, database: string): LiveTarget {
  const address: PostgresConfig = { ...config.source, database };

  const ask = async <T>(
    ctx: SourceContext,
    where: PostgresConfig,
    use: (sql: postgres.Sql) => Promise<T>,
  ): Promise<T> => {
    try {
      return await withConnection(where, use);
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw isAbsent(error) ? error : translatePostgresError(error, where);
    }
  };
  const outside = async <T>(ctx: SourceContext, use: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    for (const name of [...MAINTENANCE, config.source.database]) {
      try {
        return await ask(ctx, { ...address, database: name }, use);
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    }
    throw new AppError('config', 'no database of the server could be opened to work from', {
      hint: `Create the database "postgres" on the server at ${address.host}.`,
    });
  };
  const readTables = async (sql: postgres.Sql): Promise<TargetState['tables']> => {
    const tables = (await sql.unsafe<TableRow[]>(TABLES_SQL)).map(tableOfRow);
    return tables.map(({ schema, name, kind, estimateBytes }) => ({
      schema,
      name,
      kind,
      bytes: estimateBytes,
    }));
  };

  return {
    database,
    look: async (ctx) => {
      try {
        return await ask(ctx, address, async (sql): Promise<TargetState> => {
          const { version, major } = await readVersion(sql);
          const [row] = await sql<{ bytes: string; isSuperuser: boolean; roles: string[]; others: number }[]>`
            select pg_database_size(current_database())::text as bytes,
              (select rolsuper from pg_roles where rolname = current_user) as "isSuperuser",
              (select array_to_json(array_agg(rolname::text)) from pg_roles) as roles,
              (select count(*)::int from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()) as others`;
          return {
            exists: true,
            productVersion: version,
            major,
            sizeBytes: Number(row?.bytes ?? 0),
            tables: await readTables(sql),
            roles: row?.roles ?? [],
            isSuperuser: row?.isSuperuser ?? false,
            otherConnections: row?.others ?? 0,
          };
        });
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
      return outside(ctx, async (sql) => {
        const { version, major } = await readVersion(sql);
        const [row] = await sql<{ isSuperuser: boolean; roles: string[] }[]>`
          select (select rolsuper from pg_roles where rolname = current_user) as "isSuperuser",
            (select array_to_json(array_agg(rolname::text)) from pg_roles) as roles`;
        return {
          exists: false,
          productVersion: version,
          major,
          sizeBytes: 0,
          tables: [],
          roles: row?.roles ?? [],
          isSuperuser: row?.isSuperuser ?? false,
          otherConnections: 0,
        };
      });
    },
    create: (ctx, fact, major) => outside(ctx, (sql) => createLike(sql, database, fact, major)),
    drop: (ctx) => outside(ctx, (sql) => dropScratchDatabase(sql, database)),
    mark: (ctx, tables) =>
      ask(ctx, address, async (sql) => {
        const names = JSON.stringify(tables.map(({ schema, name }) => ({ schema, name })));
        const [row] = await sql.unsafe<{ mark: string }[]>(MARK_SQL, [names]);
        return row?.mark ?? '';
      }),
    holdRows: (ctx, tables) =>
      ask(ctx, address, async (sql) => {
        const holding: TableRef[] = [];
        for (const table of tables) {
          const rows = await sql.unsafe(`select from ${quoteTable(table)} limit 1`);
          if (rows.length > 0) holding.push(table);
        }
        return holding;
      }),
    countRows: (ctx, tables) =>
      ask(ctx, address, async (sql) => {
        const counts = new Map<string, number>();
        await sql.begin('isolation level repeatable read read only', async (tx) => {
          const there = new Set(
            (await tx.unsafe<TableRow[]>(TABLES_SQL)).map(({ schema, name }) => `${schema}.${name}`),
          );
          for (const table of tables) {
            const label = `${table.schema}.${table.name}`;
            if (!there.has(label)) continue;
            const [row] = await tx.unsafe<{ rows: string }[]>(
              `select count(*)::text as rows from ${quoteTable(table)}`,
            );
            counts.set(label, Number(row?.rows));
          }
        });
        return counts;
      }),
    restore: async (ctx, { program, args, file, tell }, say) => {
      const watching = new AbortController();
      const giveUp = new AbortController();
      const watched = watchLocks(ctx, address, watching.signal, say).catch((error: unknown) => {
        // A look that failed is no reason to end a restore.
        if (error instanceof AppError) giveUp.abort(error);
      });
      try {
        const signal = AbortSignal.any([ctx.signal, giveUp.signal]);
        const told = tell === undefined ? args : ['--verbose', ...args];
        const exit = await runPgRestore({ ...ctx, signal }, program, address, told, file, PROGRAM, tell);
        if (exit.code !== 0) throw judgeLiveRestore(exit, address);
      } finally {
        watching.abort();
        await watched;
      }
    },
    settle: async (ctx) => {
      await outside(ctx, async (sql) => {
        await sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = ${database} and application_name = ${PROGRAM} and usename = current_user`;
        for (let attempt = 0; attempt < 100; attempt += 1) {
          const left = await sql`select from pg_stat_activity
            where datname = ${database} and application_name = ${PROGRAM}`;
          if (left.length === 0) return;
          await ctx.clock.sleep(100);
        }
      });
    },
  };
}

/** Like the source's database where that is known and this server has its locale; else as the server makes them. */
async function createLike(
  sql: postgres.Sql,
  database: string,
  fact: DatabaseFact | null,
  major: number,
): Promise<string | null> {
  const ways = [
    ...(fact === null ? [] : [`template template0 ${creationOf(fact, major)}`]),
    'template template0',
  ];
  let otherwise: string | null = null;
  for (const way of ways) {
    try {
      await sql.unsafe(`create database ${quoteName(database)} ${way}`);
      return otherwise;
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error;
      if (error.code === '42501') {
        throw new AppError('source_auth', 'the database could not be created: this user has no right to', {
          hint: 'Grant it ("alter role … createdb"), or create the empty database first.',
          cause: error,
        });
      }
      if (error.code === '42P04' || error.code.startsWith('53')) throw error;
      otherwise = error.message;
    }
  }
  throw new AppError('restore_failed', `the database could not be created: ${otherwise ?? ''}`, {
    hint: 'Create the empty database first, and restore into it.',
  });
}

/** Tells who keeps pg_restore waiting, and throws when that has lasted too long: pg_restore itself would wait for ever. */
async function watchLocks(
  ctx: SourceContext,
  address: PostgresConfig,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  await withConnection(address, async (sql) => {
    let waitedMs = 0;
    while (!signal.aborted) {
      await ctx.clock.sleep(LOOK_EVERY_MS, signal);
      const blockers = await sql<{ pid: number; name: string }[]>`
        select distinct b.pid, coalesce(nullif(b.application_name, ''), b.usename, '') as name
        from pg_stat_activity a, unnest(pg_blocking_pids(a.pid)) blocker(pid) join pg_stat_activity b using (pid)
        where a.datname = current_database() and a.application_name = ${PROGRAM} and b.application_name <> ${PROGRAM}`;
      if (blockers.length === 0) {
        waitedMs = 0;
        continue;
      }
      const who = blockers.map(({ pid, name }) => `${name} (process ${String(pid)})`).join(', ');
      if (waitedMs === 0) say(`waiting for a lock that is held by ${who}`);
      waitedMs += LOOK_EVERY_MS;
      if (waitedMs >= LOCK_WAIT_MS) {
        throw new AppError(
          'restore_failed',
          `a lock that is held by ${who} kept the restore waiting for a minute`,
          {
            hint: 'Stop the application, and look for long transactions in pg_stat_activity.',
          },
        );
      }
    }
  });
}
