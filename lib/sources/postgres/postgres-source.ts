import postgres from 'postgres';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import { choosePostgresTool, listPostgresTools, type PostgresTool } from '../../tools/find-postgres-tools.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { Dump, DumpOptions, Source, SourceContext, SourceProbe } from '../source.ts';
import { connect, readVersion } from './connect.ts';
import { sourceUnreachable, translatePgDumpExit, translatePostgresError } from './postgres-errors.ts';
import { selectTables, type CatalogTable } from './table-selection.ts';

/** How often a silent server is asked whether it lives, and how long it may take to answer. */
export interface Heartbeat {
  readonly everyMs: number;
  readonly answerWithinMs: number;
}
const usualHeartbeat: Heartbeat = { everyMs: 5_000, answerWithinMs: 60_000 };

async function findPgDump(config: Config, serverMajor: number, ctx: SourceContext): Promise<PostgresTool> {
  return choosePostgresTool(await listPostgresTools(config, 'pg_dump', ctx), 'pg_dump', serverMajor);
}

const begin = async (sql: postgres.ReservedSql): Promise<void> => {
  await sql`begin isolation level repeatable read read only`;
  // A server that ends idle transactions would end the snapshot with them.
  await sql`select set_config(name, '0', true) from pg_settings
    where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`;
};

/** Opens the transaction that dump and facts share. Some standbys cannot export a snapshot: null then. */
async function exportSnapshot(sql: postgres.ReservedSql, ctx: SourceContext): Promise<string | null> {
  await begin(sql);
  try {
    const [row] = await sql<{ snapshot: string }[]>`select pg_export_snapshot() as snapshot`;
    return row?.snapshot ?? null;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    ctx.log.warn('the server cannot export a snapshot', { reason: error.code });
    await sql`rollback`;
    await begin(sql);
    return null;
  }
}

/** Tables as pg_dump sees them: ordinary and partitioned ones, without those that belong to an extension. */
async function readTables(sql: postgres.ReservedSql): Promise<CatalogTable[]> {
  const rows = await sql<{ oid: string; schema: string; name: string; parents: string[]; bytes: string }[]>`
    select c.oid::text as oid, n.nspname as schema, c.relname as name,
      array_to_json(array(select i.inhparent::text from pg_inherits i where i.inhrelid = c.oid)) as parents,
      ((greatest(c.relpages, 0) + coalesce(greatest(t.relpages, 0), 0))::bigint * 8192)::text as bytes
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_class t on t.oid = c.reltoastrelid
    where c.relkind in ('r', 'p') and c.relpersistence <> 't'
      and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
      and not exists (
        select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by n.nspname, c.relname`;
  return rows.map((row) => ({
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    parents: row.parents.map(Number),
    estimateBytes: Number(row.bytes),
  }));
}

/** `dbname='…'` with the keys libpq has no environment variable for. Holds no secret: it stands in argv. */
function conninfo(source: PostgresConfig): string {
  const quote = (value: string): string => `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
  return `dbname=${quote(source.database)} keepalives_idle=30 keepalives_interval=10 keepalives_count=3 tcp_user_timeout=60000`;
}

function pgDumpEnvironment(
  source: PostgresConfig,
): Record<string, NonNullable<PostgresConfig['password']> | string> {
  return {
    PGHOST: source.host,
    PGPORT: String(source.port),
    PGUSER: source.user,
    PGAPPNAME: 'holdfast-backup',
    PGCONNECT_TIMEOUT: '10',
    ...(source.password === null ? {} : { PGPASSWORD: source.password }),
    ...(source.sslMode == null ? {} : { PGSSLMODE: source.sslMode }),
    ...(source.sslRootCert === null ? {} : { PGSSLROOTCERT: source.sslRootCert }),
  };
}

/** One PostgreSQL database, by way of pg_dump's custom format. */
export function createPostgresSource(config: Config, heartbeat: Heartbeat = usualHeartbeat): Source {
  const { source } = config;

  const probe = async (ctx: SourceContext): Promise<SourceProbe> => {
    const sql = await connect(source);
    const stop = endWith(sql, ctx.signal);
    try {
      const { version, major } = await readVersion(sql);
      const [row] = await sql<
        { bytes: string }[]
      >`select pg_database_size(current_database())::text as bytes`;
      const pgDump = await findPgDump(config, major, ctx);
      return {
        productVersion: version,
        database: source.database,
        sizeBytes: Number(row?.bytes),
        tools: { pg_dump: pgDump.version },
      };
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw translatePostgresError(error, source);
    } finally {
      stop();
      await sql.end({ timeout: 1 });
    }
  };

  const dump = async (ctx: SourceContext, options: DumpOptions): Promise<Dump> => {
    const sql = await connect(source);
    const stop = endWith(sql, ctx.signal);
    try {
      // The query opens the connection: with fetch_types off, reserve() on a client without one never resolves.
      const { major } = await readVersion(sql);
      const shared = await sql.reserve();
      const pgDump = await findPgDump(config, major, ctx);
      const snapshot = await exportSnapshot(shared, ctx);
      const excludedTables = options.tables === null ? config.excludeTables : [];
      const selection = selectTables(await readTables(shared), options.tables, excludedTables);
      const run = startTool(ctx, {
        file: pgDump.file,
        args: [
          '--format=custom',
          options.compression === 'none' ? '--compress=0' : '--compress=6',
          '--no-password',
          ...(snapshot === null ? [] : [`--snapshot=${snapshot}`]),
          ...(options.schemaOnly ? ['--schema-only'] : []),
          ...selection.args,
          `--dbname=${conninfo(source)}`,
        ],
        env: pgDumpEnvironment(source),
        ...(options.tap === undefined ? {} : { tap: options.tap.bind(options) }),
        failure: (exit) => translatePgDumpExit(exit, source),
      });
      const watch = watchServer(shared, ctx, heartbeat, (error) => {
        run.stdout.destroy(sourceUnreachable(source, { cause: error }));
      });
      const dataBytes = selection.tables.reduce((sum, table) => sum + table.estimateBytes, 0);
      return {
        body: run.stdout,
        snapshot,
        tables: selection.tables.map(({ schema, name }) => ({ schema, name })),
        excludedTables,
        // pg_dump's gzip makes about a third of ordinary rows.
        estimateBytes:
          options.schemaOnly || dataBytes === 0
            ? null
            : Math.round(options.compression === 'none' ? dataBytes : dataBytes / 3),
        [Symbol.asyncDispose]: async () => {
          watch.stop();
          stop();
          run.stdout.destroy();
          await run.exit;
          // A reserved connection would let end() wait out its whole limit.
          shared.release();
          await sql.end({ timeout: 1 });
        },
      };
    } catch (error) {
      stop();
      await sql.end({ timeout: 1 });
      ctx.signal.throwIfAborted();
      throw translatePostgresError(error, source);
    }
  };

  return { kind: 'postgres', probe, dump };
}

/** Ends the connection as soon as the signal aborts, so that no query outlives a cancelled run. */
function endWith(sql: postgres.Sql, signal: AbortSignal): () => void {
  const onAbort = (): void => {
    void sql.end({ timeout: 0 });
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    signal.removeEventListener('abort', onAbort);
  };
}

/** Asks the server again and again whether it lives: a dead network tells a reader of a pipe nothing. */
function watchServer(
  sql: postgres.ReservedSql,
  ctx: SourceContext,
  { everyMs, answerWithinMs }: Heartbeat,
  lost: (error: unknown) => void,
): { stop(): void } {
  const ending = new AbortController();
  const ask = async (): Promise<void> => {
    const deadline = new AbortController();
    const answer = sql`select 1`.then(() => 'lives' as const);
    // After the deadline nobody waits for it any more; its failure must not become an unhandled rejection.
    answer.catch(() => undefined);
    const silence = ctx.clock
      .sleep(answerWithinMs, AbortSignal.any([deadline.signal, ending.signal]))
      .then(() => 'silent' as const);
    silence.catch(() => undefined);
    try {
      if ((await Promise.race([answer, silence])) === 'silent') throw new Error('no answer to a heartbeat');
    } finally {
      deadline.abort();
    }
  };
  const watch = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await ctx.clock.sleep(everyMs, ending.signal);
      await ask();
    }
  };
  watch().catch((error: unknown) => {
    if (!ending.signal.aborted && !ctx.signal.aborted) lost(error);
  });
  return {
    stop: () => {
      ending.abort();
    },
  };
}
