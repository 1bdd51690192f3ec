import postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import { choosePostgresTool, listPostgresTools, type PostgresTool } from '../../tools/find-postgres-tools.ts';
import { NICENESS, type ToolExit } from '../../tools/spawn-tool.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { BaseDump, BaseProbe, BaseSource } from '../base-source.ts';
import type { SourceContext } from '../source.ts';
import { connect, readVersion } from './connect.ts';
import { conninfo, libpqEnvironment } from './libpq-environment.ts';
import { readLogArchiving } from './log-archiving.ts';
import { translatePgDumpExit, translatePostgresError } from './postgres-errors.ts';
import { withConnection } from './scratch-database.ts';

/** Older ones write no backup_manifest, and promote although the target was never reached. */
const MIN_MAJOR = 13;

const FACTS_SQL = `
  select (select system_identifier from pg_catalog.pg_control_system())::text as "systemIdentifier",
    (select rolname from pg_catalog.pg_roles where oid = 10) as superuser,
    (select setting::int from pg_catalog.pg_settings where name = 'wal_segment_size') as "segmentBytes",
    (select coalesce(sum(pg_catalog.pg_database_size(oid)), 0) from pg_catalog.pg_database
      where pg_catalog.has_database_privilege(oid, 'connect'))::text as bytes,
    (select string_agg(spcname, ', ' order by spcname) from pg_catalog.pg_tablespace
      where spcname not in ('pg_default', 'pg_global')) as tablespaces,
    pg_catalog.pg_is_in_recovery() as "isStandby"`;

interface Row {
  readonly systemIdentifier: string;
  readonly superuser: string;
  readonly segmentBytes: number;
  readonly bytes: string;
  readonly tablespaces: string | null;
  readonly isStandby: boolean;
}

interface Found extends BaseProbe {
  readonly segmentBytes: number;
  readonly tool: PostgresTool;
}

function refuse(row: Row, major: number): void {
  if (major < MIN_MAJOR) {
    throw new AppError('tool_version', `the server is version ${String(major)}`, {
      hint: `Recovery to an instant needs PostgreSQL ${String(MIN_MAJOR)} or newer; back up its databases with backup.sh.`,
    });
  }
  if (row.isStandby) {
    throw new AppError('config', 'the server is a standby', {
      hint: 'Take the base backup of its primary: name that in PGHOST and PGPORT.',
    });
  }
  if (row.tablespaces !== null) {
    throw new AppError('config', `the server has tablespaces of its own: ${row.tablespaces}`, {
      hint: 'A base archive is one tar of one folder: move what is in them to pg_default and drop them, or back up the databases with backup.sh.',
    });
  }
}

async function look(config: Config, sql: postgres.Sql, ctx: SourceContext): Promise<Found> {
  const { version, major } = await readVersion(sql);
  const [row] = await sql.unsafe<Row[]>(FACTS_SQL);
  if (row === undefined) throw new AppError('tool_failed', 'the server tells nothing of itself');
  refuse(row, major);
  const tools = await listPostgresTools(config, 'pg_basebackup', ctx);
  const tool = choosePostgresTool(tools, 'pg_basebackup', major);
  return {
    server: { productVersion: version, systemIdentifier: row.systemIdentifier, superuser: row.superuser },
    sizeBytes: Number(row.bytes),
    tools: { pg_basebackup: tool.version },
    archivingFlaw: (await readLogArchiving(sql)).flaw,
    segmentBytes: row.segmentBytes,
    tool,
  };
}

/** Keeps the server from removing the log that the backup ends with, until this connection is closed. */
async function holdLog(sql: postgres.Sql, ctx: SourceContext): Promise<void> {
  try {
    await sql`select set_config(name, '0', false) from pg_catalog.pg_settings
      where name in ('idle_session_timeout', 'statement_timeout')`;
    await sql`select pg_catalog.pg_create_physical_replication_slot('holdfast_base_' || pg_backend_pid(), true, true)`;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    // The backup fails by itself where the log was removed.
    ctx.log.warn('no replication slot holds the log while it is copied', { reason: error.code });
  }
}

function failure(exit: ToolExit, source: PostgresConfig): AppError {
  const said = exit.stderrTail;
  if (/must be superuser or replication role|permission denied to start WAL sender/.test(said)) {
    return new AppError('source_auth', `${source.user} may not copy the server`, {
      hint: `Allow it: "alter role ${source.user} replication".`,
    });
  }
  if (/no pg_hba\.conf entry for replication/.test(said)) {
    return new AppError('source_auth', 'the server lets nobody from this machine copy it', {
      hint: 'Add a line for the database "replication" to its pg_hba.conf, and reload it.',
    });
  }
  if (/requested WAL segment .* has already been removed|could not find any WAL files/.test(said)) {
    return new AppError('tool_failed', 'the server removed log that the base backup needs', {
      hint: 'Raise wal_keep_size or max_replication_slots of the server, and start again.',
    });
  }
  return translatePgDumpExit(exit, source, 'pg_basebackup');
}

/** The positions as `pg_basebackup --verbose` tells them. */
function listen() {
  let start: { readonly lsn: string; readonly timeline: number } | null = null;
  let end: string | null = null;
  return {
    tapLine: (line: string): void => {
      const [, from, timeline] = /log start point: (\S+) on timeline (\d+)/.exec(line) ?? [];
      if (from !== undefined) start = { lsn: from, timeline: Number(timeline) };
      end = /log end point: (\S+)/.exec(line)?.[1] ?? end;
    },
    told: (segmentBytes: number) => {
      if (start === null || end === null) {
        throw new AppError('tool_failed', 'pg_basebackup did not tell where the log begins and ends');
      }
      return { timeline: start.timeline, start: start.lsn, end, segmentBytes };
    },
  };
}

/** A server, by way of pg_basebackup. */
export function createBaseSource(config: Config): BaseSource {
  const { source } = config;

  const ask = async <T>(ctx: SourceContext, question: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    try {
      return await withConnection(source, question, ctx.signal);
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw translatePostgresError(error, source);
    }
  };

  const dump: BaseSource['dump'] = async (ctx): Promise<BaseDump> => {
    const sql = await connect(source);
    try {
      const { tool, segmentBytes } = await look(config, sql, ctx);
      await holdLog(sql, ctx);
      const positions = listen();
      const run = startTool(ctx, {
        file: tool.file,
        args: [
          '--format=tar',
          '--wal-method=fetch',
          '--pgdata=-',
          '--checkpoint=fast',
          '--no-password',
          '--verbose',
          `--dbname=${conninfo(source)}`,
        ],
        env: libpqEnvironment(source),
        isForProgram: true,
        niceness: NICENESS,
        tapLine: positions.tapLine,
        failure: (exit) => failure(exit, source),
      });
      return {
        body: run.stdout,
        finish: async () => {
          await run.exit;
          try {
            // The instants in the log are the server's, not this machine's.
            const [row] = await sql<{ at: string }[]>`
              select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`;
            return { wal: positions.told(segmentBytes), endedAt: row?.at ?? '' };
          } catch (error) {
            ctx.signal.throwIfAborted();
            throw translatePostgresError(error, source);
          }
        },
        [Symbol.asyncDispose]: async () => {
          run.stdout.destroy();
          await run.exit;
          await sql.end({ timeout: 1 });
        },
      };
    } catch (error) {
      await sql.end({ timeout: 1 });
      ctx.signal.throwIfAborted();
      throw translatePostgresError(error, source);
    }
  };

  return {
    probe: (ctx) => ask(ctx, (sql) => look(config, sql, ctx)),
    archiving: (ctx) => ask(ctx, readLogArchiving),
    dump,
  };
}
