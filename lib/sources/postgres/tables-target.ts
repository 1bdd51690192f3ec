import type postgres from 'postgres';
import type { Facts } from '../../contracts/facts.ts';
import type { Config } from '../../platform/config.ts';
import type { SourceContext, TableRef } from '../source.ts';
import type { TablesTarget } from '../tables-target.ts';
import { bringTables, maySilence } from './bring-tables.ts';
import { compareFacts } from './compare-facts.ts';
import { readCopyFacts, readDescending } from './copy-facts.ts';
import { PRINTING_SQL } from './fact-session.ts';
import { insideDatabase } from './inside-database.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { quoteName } from './quote-name.ts';
import { comingMark, doneMark, programOf, stageTables } from './stage-tables.ts';
import { readColumnPrints, readTableLooks } from './tables-catalog.ts';
import { undoTables } from './undo-tables.ts';

/** What a copy of chosen rows can show. */
const SHOWN = /^(?:rows|content|sequence):|^sequences-ahead$/;
const GONE_MS = 20_000;
const LOOK_EVERY_MS = 50;

const labelOf = ({ schema, name }: TableRef): string => `${schema}.${name}`;

/** See TablesTarget. */
export function createTablesTarget(config: Config): TablesTarget {
  return {
    look: (ctx, database, tables) =>
      insideDatabase(config, ctx, database, async (sql) => {
        await sql.unsafe("set search_path = ''");
        const isSilent = await maySilence(sql);
        await sql.unsafe('begin read only');
        await sql.unsafe(PRINTING_SQL);
        const looks = await readTableLooks(sql, tables);
        return { maySilence: isSilent, tables: looks, columnPrints: await readColumnPrints(sql, tables) };
      }),
    compare: async (ctx, database, facts, tables) => {
      const startedAt = ctx.clock.now().getTime();
      const found = await readCopyFacts(
        ctx,
        { ...config.source, database },
        {
          jobs: config.verify.jobs,
          isChosen: true,
          isSchemaOnly: false,
          fingerprintVersion: facts.fingerprintVersion,
          only: tables,
        },
      );
      const descending = await insideDatabase(config, ctx, database, readDescending);
      const durationMs = ctx.clock.now().getTime() - startedAt;
      return compareFacts(chosenFacts(facts, tables), found, { incomparable: {}, descending })
        .filter(({ name }) => SHOWN.test(name))
        .map((check) => ({ ...check, durationMs }));
    },
    stage: async (ctx, order, tell) => {
      try {
        await stageTables(config, ctx, order, tell);
      } catch (error) {
        ctx.signal.throwIfAborted();
        throw translatePostgresError(error, { ...config.source, database: order.live });
      }
    },
    bring: (ctx, order, creation, tell, say) => bringTables(config, ctx, order, creation, tell, say),
    undo: (ctx, undo, tell, say) => undoTables(config, ctx, undo, tell, say),
    settle: (ctx, { id, live, sideSchema, keepSchema }) =>
      insideDatabase(config, ctx, live, async (sql) => {
        await endSessions(sql, ctx, id);
        const rows = await sql<{ name: string; mark: string | null }[]>`
          select nspname as name, obj_description(oid, 'pg_namespace') as mark
          from pg_catalog.pg_namespace where nspname in (${sideSchema}, ${keepSchema})`;
        const markOf = (schema: string) => rows.find(({ name }) => name === schema)?.mark ?? null;
        if (markOf(sideSchema) === comingMark(id))
          await sql.unsafe(`drop schema ${quoteName(sideSchema)} cascade`);
        return { isDone: markOf(keepSchema) === doneMark(id) };
      }),
  };
}

/** Whatever it is doing is rolled back, or was done before it was told. */
async function endSessions(sql: postgres.Sql, ctx: SourceContext, id: string): Promise<void> {
  const giveUpAt = ctx.clock.now().getTime() + GONE_MS;
  for (;;) {
    const left = await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = ${programOf(id)} and datname = current_database() and pid <> pg_backend_pid()`;
    if (left.length === 0) return;
    if (ctx.clock.now().getTime() >= giveUpAt) throw new Error('a session of this restore does not end');
    await ctx.clock.sleep(LOOK_EVERY_MS, ctx.signal);
  }
}

/** The facts of these tables and of the sequences that number them. */
function chosenFacts(facts: Facts, tables: readonly TableRef[]): Facts {
  const labels = new Set(tables.map(labelOf));
  return {
    ...facts,
    tableCount: tables.length,
    tables: facts.tables.filter((table) => labels.has(labelOf(table))),
    sequences:
      facts.sequences?.filter(
        ({ column }) => column !== null && labels.has(`${column.schema}.${column.table}`),
      ) ?? null,
    largeObjects: null,
    objects: null,
    unknownObjects: {},
  };
}
