import { stat } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';
import type { SqlitePlace } from '../../platform/config.ts';
import { stageFile } from '../staged-file.ts';
import type {
  Dump,
  DumpContext,
  DumpOptions,
  Source,
  SourceContext,
  SourceLook,
  SourceProbe,
} from '../source.ts';
import { readDatabaseFile } from './database-file.ts';
import { runSqlite } from './run-sqlite.ts';
import { factsOf, gatherTables } from './table-facts.ts';

/** Facts are read beside the dump; so much longer than it they may take. */
const FACTS_LIMIT_MS = 60_000;
const FACTS_LIMIT_TIMES = 2;

/**
 * A SQLite database, by SQLite's own online backup: a consistent copy while the application writes. SQLite copies to a file
 * and nowhere else, so a dump needs as much room under HOLDFAST_DATA_DIR as the database has.
 */
export function createSqliteSource(place: SqlitePlace): Source {
  const version = process.versions['sqlite'] ?? 'unknown';

  const look = async (ctx: SourceContext): Promise<SourceLook> => {
    ctx.signal.throwIfAborted();
    const sizeBytes = await sizeOf(place.path);
    await runSqlite(ctx, { kind: 'look', path: place.path });
    return { productVersion: version, sizeBytes, isSuperuser: false, forbidden: [] };
  };

  const probe = async (ctx: SourceContext): Promise<SourceProbe> => {
    const { productVersion, sizeBytes } = await look(ctx);
    return { productVersion, database: place.path, sizeBytes, tools: { sqlite: version } };
  };

  const dump = async (ctx: DumpContext, options: DumpOptions): Promise<Dump> => {
    refuseParts(options);
    const startedAt = ctx.clock.now().getTime();
    const passedMs = (): number => ctx.clock.now().getTime() - startedAt;
    const staged = await stageFile(ctx, await sizeOf(place.path));
    const timeUp = new AbortController();
    const gathered = gatherTables(ctx);
    let reading: Promise<void> = Promise.resolve();
    const close = async (): Promise<void> => {
      timeUp.abort();
      await reading.catch(() => undefined);
      await staged[Symbol.asyncDispose]();
    };
    try {
      await runSqlite(ctx, { kind: 'copy', path: place.path, to: staged.path });
      const listed = Promise.withResolvers<undefined>();
      const factsSignal = AbortSignal.any([ctx.signal, timeUp.signal]);
      reading = runSqlite(
        { signal: factsSignal },
        { kind: 'facts', path: staged.path, ...options.facts },
        (line) => {
          gathered.add(line);
          if (line.type === 'tables') listed.resolve(undefined);
        },
      );
      reading.catch(listed.reject);
      // Without a list of its tables nobody can open the database, and no backup of it would be worth anything.
      await listed.promise;
      const { body, sizeBytes } = await staged.body();
      return {
        body,
        snapshot: null,
        tables: gathered.tables('time-limit').map(({ schema, name }) => ({ schema, name })),
        facts: async () => {
          const inTime = new AbortController();
          void ctx.clock.sleep(Math.max(FACTS_LIMIT_MS, FACTS_LIMIT_TIMES * passedMs()), inTime.signal).then(
            () => {
              timeUp.abort();
            },
            () => undefined,
          );
          let error: unknown = null;
          await reading.catch((thrown: unknown) => {
            error = thrown;
          });
          inTime.abort();
          ctx.signal.throwIfAborted();
          if (error !== null) ctx.log.warn('the facts of a SQLite database are incomplete', { error });
          return factsOf(gathered.tables(timeUp.signal.aborted ? 'time-limit' : 'query-failed'), passedMs());
        },
        excludedTables: [],
        estimateBytes: sizeBytes,
        [Symbol.asyncDispose]: close,
      };
    } catch (error) {
      await close();
      ctx.signal.throwIfAborted();
      throw error;
    }
  };

  return { kind: 'sqlite', probe, look, dump };
}

function refuseParts({ tables, schemaOnly }: DumpOptions): void {
  if (tables === null && !schemaOnly) return;
  throw new AppError('invalid', 'a SQLite database is backed up whole', {
    hint: 'Leave out the choice of tables, and ask for rows too.',
    fields: { field: tables === null ? 'schemaOnly' : 'tables' },
  });
}

/** With what its write-ahead log adds to it. Throws like a probe. */
async function sizeOf(given: string): Promise<number> {
  const { path, sizeBytes } = await readDatabaseFile(given);
  const log = await stat(`${path}-wal`).catch(() => null);
  return sizeBytes + (log?.size ?? 0);
}
