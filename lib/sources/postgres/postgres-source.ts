import postgres from 'postgres';
import type { Config } from '../../platform/config.ts';
import { choosePostgresTool, listPostgresTools, type PostgresTool } from '../../tools/find-postgres-tools.ts';
import { NICENESS } from '../../tools/spawn-tool.ts';
import { startTool } from '../../tools/start-tool.ts';
import type { Dump, DumpOptions, PostgresSource, SourceContext, SourceProbe } from '../source.ts';
import { connect, readVersion } from './connect.ts';
import { conninfo, libpqEnvironment } from './libpq-environment.ts';
import { sourceUnreachable, translatePgDumpExit, translatePostgresError } from './postgres-errors.ts';
import { beginFacts, unknownFacts, type FactsReading } from './read-facts.ts';
import { readTables } from './read-tables.ts';
import { openScratch } from './scratch.ts';
import { sweepScratch } from './scratch-sweep.ts';
import { listDatabases, lookAtSource } from './source-look.ts';
import { selectTables } from './table-selection.ts';

/** How often a silent server is asked whether it lives, and how long it may take to answer. */
export interface Heartbeat {
  readonly everyMs: number;
  readonly answerWithinMs: number;
}
const usualHeartbeat: Heartbeat = { everyMs: 5_000, answerWithinMs: 60_000 };

/** How long after a dump its facts may still be read: at least this, and so many times the dump's own duration. */
const FACTS_LIMIT_MS = 60_000;
const FACTS_LIMIT_TIMES = 2;

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

/** The one that holds the snapshot, pg_dump's, and the one that facts are read over. */
const CONNECTIONS = 3;

/** Whether role and database allow facts a connection of their own beside those without which there is no dump. */
async function hasRoomForFacts(sql: postgres.ReservedSql, ctx: SourceContext): Promise<boolean> {
  const [row] = await sql<{ limit: number | null }[]>`
    select least(nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)) as limit
    from pg_roles r, pg_database d
    where r.rolname = session_user and not r.rolsuper and d.datname = current_database()`;
  const limit = row?.limit ?? CONNECTIONS;
  if (limit >= CONNECTIONS) return true;
  ctx.log.warn('no facts are read: the connection limit of the backup user or of its database is too low', {
    limit,
    needed: CONNECTIONS,
  });
  return false;
}

/** One PostgreSQL database, by way of pg_dump's custom format. */
export function createPostgresSource(config: Config, heartbeat: Heartbeat = usualHeartbeat): PostgresSource {
  const { source } = config;
  /** Looked for once: each of them is started to be asked for its version. */
  let pgDumps: readonly PostgresTool[] | undefined;
  const findPgDump = async (serverMajor: number, ctx: SourceContext): Promise<PostgresTool> => {
    pgDumps ??= await listPostgresTools(config, 'pg_dump', ctx);
    return choosePostgresTool(pgDumps, 'pg_dump', serverMajor);
  };

  const probe = async (ctx: SourceContext): Promise<SourceProbe> => {
    const sql = await connect(source);
    const stop = endWith(sql, ctx.signal);
    try {
      const { version, major } = await readVersion(sql);
      const [row] = await sql<
        { bytes: string }[]
      >`select pg_database_size(current_database())::text as bytes`;
      const pgDump = await findPgDump(major, ctx);
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
    let factsSql: postgres.Sql | undefined;
    let reading: FactsReading | undefined;
    const endFacts = async (): Promise<void> => {
      await factsSql?.end({ timeout: 0 });
      await reading?.stop();
    };
    try {
      // The query opens the connection: with fetch_types off, reserve() on a client without one never resolves.
      const { major } = await readVersion(sql);
      const shared = await sql.reserve();
      const pgDump = await findPgDump(major, ctx);
      const snapshot = await exportSnapshot(shared, ctx);
      const excludedTables = options.tables === null ? config.excludeTables : [];
      const there = await readTables(shared);
      const selection = selectTables(
        there.filter(({ kind }) => kind !== 'foreign'),
        options.tables,
        excludedTables,
      );
      const chosen = new Set(selection.tables.map(({ oid }) => oid));
      const dumped = there.filter(({ oid, kind }) =>
        kind === 'foreign' ? options.tables === null : chosen.has(oid),
      );
      const timeUp = new AbortController();
      if (snapshot !== null && (await hasRoomForFacts(shared, ctx))) {
        factsSql = await connect(source);
        reading = await beginFacts(
          [factsSql],
          {
            tables: dumped,
            isChosen: options.tables !== null,
            isSchemaOnly: options.schemaOnly,
            snapshot,
            fingerprintVersion: null,
          },
          options.facts,
          { ...ctx, timeUp: timeUp.signal },
        );
      }
      const facts = reading;
      const dumpStartedAt = ctx.clock.now().getTime();
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
        env: libpqEnvironment(source),
        isForProgram: true,
        niceness: NICENESS,
        failure: (exit) => translatePgDumpExit(exit, source),
      });
      const watch = watchServer(shared, ctx, heartbeat, (error) => {
        run.stdout.destroy(sourceUnreachable(source, { cause: error }));
      });
      // pg_dump's gzip makes about a third of ordinary rows.
      const dumpOf = (bytes: number): number | null =>
        options.schemaOnly || bytes === 0
          ? null
          : Math.round(options.compression === 'none' ? bytes : bytes / 3);
      const dataBytes = selection.tables.reduce((sum, table) => sum + table.estimateBytes, 0);
      return {
        body: run.stdout,
        snapshot,
        tables: selection.tables.map(({ schema, name }) => ({ schema, name })),
        facts: async () => {
          if (facts === undefined) {
            return unknownFacts(dumped, snapshot === null ? 'no-snapshot' : 'query-failed');
          }
          const limitMs = Math.max(
            FACTS_LIMIT_MS,
            FACTS_LIMIT_TIMES * (ctx.clock.now().getTime() - dumpStartedAt),
          );
          const inTime = new AbortController();
          void ctx.clock.sleep(limitMs, inTime.signal).then(
            () => {
              timeUp.abort();
            },
            () => undefined,
          );
          try {
            return await facts.finish();
          } finally {
            inTime.abort();
          }
        },
        excludedTables,
        estimateBytes: dumpOf(dataBytes),
        // By the server's statistics a table that was never analyzed is empty.
        ...(facts === undefined
          ? {}
          : {
              measuredBytes: facts.sizeBytes.then((bytes) => (bytes === null ? null : dumpOf(bytes))),
            }),
        [Symbol.asyncDispose]: async () => {
          watch.stop();
          stop();
          run.stdout.destroy();
          await endFacts();
          await run.exit;
          // A reserved connection would let end() wait out its whole limit.
          shared.release();
          await sql.end({ timeout: 1 });
        },
      };
    } catch (error) {
      stop();
      await endFacts();
      await sql.end({ timeout: 1 });
      ctx.signal.throwIfAborted();
      throw translatePostgresError(error, source);
    }
  };

  return {
    kind: 'postgres',
    probe,
    look: (ctx) => lookAtSource(config, ctx),
    databases: (ctx) => listDatabases(config, ctx),
    dump,
    openScratch: (ctx, need) => openScratch(config, ctx, need),
    sweepScratch: (ctx, isHeld) => sweepScratch(config, ctx, isHeld),
  };
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
