import { AppError } from '../../core/errors.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import type { RestoreServer } from '../source.ts';
import { compareFacts } from './compare-facts.ts';
import { readVersion } from './connect.ts';
import { readCopyFacts, readDescending } from './copy-facts.ts';
import { createLiveTarget } from './live-target.ts';
import { judgeLiveRestore } from './live-target-failure.ts';
import { insideDatabase } from './inside-database.ts';
import { isPostgresError, uncut, withMaintenance } from './maintenance.ts';
import { quoteName } from './quote-name.ts';
import { runPgRestore } from './run-pg-restore.ts';
import { dropScratchDatabase } from './scratch-database.ts';
import { exchangeDatabases, renameDatabase, reopenDatabases } from './target-exchange.ts';
import { lookAtServer } from './target-look.ts';
import { readLook } from './target-rows.ts';

const PROGRAM = 'holdfast-restore';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Marks a copy as ours, and says whose it is. */
const markOf = (id: string): string => `holdfast restore ${id}`;

const idOf = (comment: string | null): string | null =>
  /^holdfast restore ([0-9a-f-]{36})$/.exec(comment ?? '')?.[1] ?? null;

const taken = (database: string): AppError =>
  new AppError('target_not_empty', `there is a database ${database} already`, {
    hint: 'Choose another name for the new database.',
  });

/** See RestoreServer. */
export function createRestoreServer(config: Config): RestoreServer {
  const addressOf = (database: string): PostgresConfig => ({ ...config.source, database });

  return {
    look: (ctx, database) => lookAtServer(config, ctx, database),
    existing: (ctx, names) =>
      withMaintenance(config, ctx, [], async (sql) => {
        const rows = await sql<{ name: string; comment: string | null }[]>`
          select datname as name, shobj_description(oid, 'pg_database') as comment
          from pg_database where datname in ${sql([...names])}`;
        return new Map(rows.map(({ name, comment }) => [name, idOf(comment)]));
      }),
    create: async (ctx, { database, id, fact }) => {
      const major = await withMaintenance(config, ctx, [database], async (sql) => {
        const there = await sql`select from pg_database where datname = ${database}`;
        if (there.length > 0) throw taken(database);
        return (await readVersion(sql)).major;
      });
      const otherwise = await createLiveTarget(config, database).create(ctx, fact, major);
      await withMaintenance(config, ctx, [database], async (sql) => {
        await sql.unsafe(`comment on database ${quoteName(database)} is ${literal(markOf(id))}`);
        if (fact === null) return;
        const owners = await sql`
          select from pg_roles where rolname = ${fact.owner} and pg_has_role(current_user, oid, 'usage')`;
        if (owners.length > 0)
          await sql.unsafe(`alter database ${quoteName(database)} owner to ${quoteName(fact.owner)}`);
      });
      return otherwise;
    },
    createSchemas: (ctx, database, schemas) =>
      insideDatabase(config, ctx, database, async (sql) => {
        for (const schema of schemas) await sql.unsafe(`create schema if not exists ${quoteName(schema)}`);
      }),
    drop: (ctx, { database, id }) =>
      withMaintenance(config, ctx, [database], async (sql) => {
        const [row] = await sql<{ comment: string | null }[]>`
          select shobj_description(oid, 'pg_database') as comment from pg_database where datname = ${database}`;
        // Unmarked: the worker died between making and marking it.
        if (row === undefined || (row.comment !== null && row.comment !== markOf(id))) return;
        await dropScratchDatabase(sql, database);
      }),
    restore: async (ctx, { database, program, args, file }, tell) => {
      const address = addressOf(database);
      const exit = await runPgRestore(ctx, program, address, ['--verbose', ...args], file, PROGRAM, tell);
      if (exit.code === 0) return;
      throw judgeLiveRestore(exit, address);
    },
    compare: async (ctx, database, facts, { isChosen, isSchemaOnly, incomparable, keepsOthers }) => {
      const startedAt = ctx.clock.now().getTime();
      const found = await readCopyFacts(ctx, addressOf(database), {
        jobs: config.verify.jobs,
        isChosen,
        isSchemaOnly,
        fingerprintVersion: facts.fingerprintVersion,
      });
      const descending = await insideDatabase(config, ctx, database, readDescending);
      const durationMs = ctx.clock.now().getTime() - startedAt;
      return compareFacts(facts, found, {
        incomparable,
        descending,
        ...(keepsOthers === undefined ? {} : { keepsOthers }),
      }).map((check) => ({
        ...check,
        durationMs,
      }));
    },
    rename: async (ctx, from, to) => {
      try {
        await withMaintenance(config, uncut(ctx), [from, to], (sql) => renameDatabase(sql, ctx, from, to));
      } catch (error) {
        if (error instanceof AppError && error.fields['reason'] === '42P04') throw taken(to);
        throw isPostgresError(error, '42P04') ? taken(to) : error;
      }
    },
    exchange: (ctx, exchange) => exchangeDatabases(config, ctx, exchange),
    reopen: (ctx, databases) =>
      withMaintenance(config, ctx, databases, (sql) => reopenDatabases(sql, databases)),
    lookInto: (ctx, database, liveDatabase, sample) =>
      readLook(config, ctx, { database, liveDatabase, sample }),
  };
}
