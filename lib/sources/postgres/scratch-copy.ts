import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type postgres from 'postgres';
import type { Manifest } from '../../contracts/manifest.ts';
import type { ScratchPlace, VerificationPolicy } from '../../contracts/verification.ts';
import { AppError } from '../../core/errors.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import { readTool } from '../../tools/read-tool.ts';
import { lastLine } from '../../tools/start-tool.ts';
import type { Scratch, ScratchContext } from '../source.ts';
import { checkPages } from './check-amcheck.ts';
import { checkForeignKeys } from './check-foreign-keys.ts';
import { checkReadable } from './check-readable.ts';
import { failed, passed, unknown, type Judged } from '../judged.ts';
import { compareFacts } from './compare-facts.ts';
import { readCopyFacts, readDescending } from './copy-facts.ts';
import { quoteName } from './quote-name.ts';
import { judgeRestoreFailure } from './restore-failure.ts';
import { runPgRestore } from './run-pg-restore.ts';
import { createScratchDatabase, withConnection } from './scratch-database.ts';
import { scratchName } from './scratch-name.ts';
import { runSqlCheck } from './sql-checks.ts';

/** By kind of check, why this place cannot show it. */
export type Incomparables = Record<string, string>;

export interface ScratchParts {
  readonly id: string;
  readonly place: ScratchPlace;
  readonly manifest: Manifest;
  /** For lists that pg_restore is given. */
  readonly folder: string;
  readonly pgRestore: string;
  readonly jobs: number;
  /** Where scratch databases are made from. */
  readonly server: PostgresConfig;
  readonly productVersion: string;
  readonly major: number;
  /** Null: made by `restore`, with the properties that the archive carries. */
  readonly database: string | null;
  readonly incomparable: Incomparables;
  isServerGone(): boolean;
  remove(): Promise<void>;
}

/** Whatever the database prefers: no limit but ours, no names found by chance, no rows hidden. */
const SETTINGS =
  "set statement_timeout = 0; set search_path = ''; set row_security = off; set jit = off; set default_transaction_read_only = off";

/** What pg_read_all_data is from PostgreSQL 14 on. */
async function grantSelect(sql: postgres.Sql, role: string): Promise<void> {
  const schemas = await sql<{ name: string }[]>`
    select nspname as name from pg_catalog.pg_namespace where nspname !~ '^pg_'`;
  for (const { name } of schemas) {
    await sql.unsafe(`grant usage on schema ${quoteName(name)} to ${role}`);
    await sql.unsafe(`grant select on all tables in schema ${quoteName(name)} to ${role}`);
  }
}

const isPredefined = (role: string): boolean => role.startsWith('pg_');

/** The copy in a database of its own, whose `restore` comes before its `compare`. */
export function createScratchCopy(opened: ScratchContext, parts: ScratchParts): Scratch {
  const { manifest, server, place } = parts;
  const isChosen = manifest.options.tables !== null;
  const incomparable: Incomparables = { ...parts.incomparable };
  let database = parts.database ?? scratchName(manifest.source.database, opened.clock.now());
  const address = (): PostgresConfig => ({ ...server, database });
  const report = (ctx: ScratchContext, check: Judged, startedAt: number, error?: AppError): void => {
    ctx.report({ ...check, durationMs: ctx.clock.now().getTime() - startedAt }, error);
  };

  /** So that owners, grants and policies can be restored. */
  const createRoles = async (ctx: ScratchContext): Promise<void> => {
    const startedAt = ctx.clock.now().getTime();
    const { roles } = manifest.facts;
    if (roles === null) {
      const reason = 'the roles were not recorded when the backup was made';
      for (const kind of ['owners', 'grants', 'default-privileges']) incomparable[kind] = reason;
      report(ctx, unknown('roles', false, reason), startedAt);
      return;
    }
    await withConnection(server, async (sql) => {
      for (const role of roles.filter((name) => !isPredefined(name))) {
        // Some objects may only be given to superusers; `createReader` takes that away again.
        await sql.unsafe(`create role ${quoteName(role)} nologin superuser`);
      }
    });
    report(ctx, passed('roles', String(roles.length), String(roles.length)), startedAt);
  };
  /** The database with owner, settings, grants and comment as the archive has them; without, where this machine lacks its locale. */
  const createDatabase = async (ctx: ScratchContext, file: string): Promise<void> => {
    const original = manifest.source.database;
    const list = await readTool(ctx, { file: parts.pgRestore, args: ['--list', '--create', file] });
    const entries = list.split('\n').filter((line) => /^\d+; \d+ \d+ \S+ - DATABASE /.test(line));
    const listFile = join(parts.folder, 'database.list');
    await writeFile(listFile, entries.join('\n') + '\n', { mode: 0o600 });
    // The source's may have the name of the one that every cluster is born with.
    await withConnection(server, (sql) => sql.unsafe('drop database if exists postgres'));
    const exit = await runPgRestore(
      ctx,
      parts.pgRestore,
      server,
      ['--create', `--use-list=${listFile}`],
      file,
    );
    await withConnection(server, async (sql) => {
      const rows = await sql`select from pg_database where datname = ${original}`;
      if (exit.code === 0 && rows.length === 1) {
        await sql.unsafe(`alter database ${quoteName(original)} rename to ${quoteName(database)}`);
        return;
      }
      const said = lastLine(exit.stderrTail);
      ctx.log.warn('the database was created without its properties', { reason: said });
      await sql.unsafe(`drop database if exists ${quoteName(original)}`);
      const created = await createScratchDatabase(ctx, sql, {
        id: parts.id,
        database: original,
        fact: manifest.facts.database,
        major: parts.major,
      });
      database = created.name;
      const why = /ERROR: {2}(.*)/.exec(exit.stderrTail)?.[1] ?? said;
      incomparable['database'] = created.otherwise ?? `it could not be created like the source's: ${why}`;
    });
  };

  const createSchemas = (): Promise<void> =>
    withConnection(address(), async (sql) => {
      for (const schema of new Set(manifest.facts.tables.map((table) => table.schema)))
        await sql.unsafe(`create schema if not exists ${quoteName(schema)}`);
    });

  /**
   * Before PostgreSQL 15 the schema `public` belongs to the cluster's first superuser. The archive calls that one by the name it has at
   * the source, where it is nobody's choice and thus no fact; here it is ours.
   */
  const settlePublicSchema = async (): Promise<void> => {
    const owners = manifest.facts.objects?.owners;
    if (parts.major >= 15 || owners === undefined || owners.some(({ name }) => name === 'schema public'))
      return;
    await withConnection(address(), async (sql) => {
      const rows = await sql`select from pg_catalog.pg_namespace where nspname = 'public'`;
      if (rows.length === 1) await sql.unsafe(`alter schema public owner to ${quoteName(server.user)}`);
    });
  };

  const restore: Scratch['restore'] = async (ctx, file) => {
    const startedAt = ctx.clock.now().getTime();
    try {
      if (place === 'ephemeral') {
        await createRoles(ctx);
        await createDatabase(ctx, file);
      }
      if (isChosen) await createSchemas();
    } catch (thrown) {
      ctx.signal.throwIfAborted();
      const message = thrown instanceof Error ? thrown.message : 'it could not be told why';
      const error = new AppError('tool_failed', `the scratch database could not be made: ${message}`, {
        hint: 'Verify again, and look into the log of the worker if it comes back.',
        cause: thrown,
      });
      report(ctx, unknown('restore', true, error.message), startedAt, error);
      return null;
    }
    const owners =
      place === 'ephemeral' && manifest.facts.roles !== null ? [] : ['--no-owner', '--no-privileges'];
    const restoreStartedAt = ctx.clock.now().getTime();
    const exit = await runPgRestore(
      ctx,
      parts.pgRestore,
      address(),
      [`--jobs=${String(parts.jobs)}`, ...owners],
      file,
    );
    const restoreMs = ctx.clock.now().getTime() - restoreStartedAt;
    if (exit.code !== 0) {
      const { verdict, error } = judgeRestoreFailure(exit, {
        isChosen,
        isServerGone: parts.isServerGone(),
      });
      ctx.say(`pg_restore: ${String(error.fields['reason'] ?? '')}`);
      const check =
        verdict === 'FAILED'
          ? failed('restore', 'restored to the end', null, error.message)
          : unknown('restore', true, error.message, 'restored to the end');
      report(ctx, check, restoreStartedAt, error);
      return null;
    }
    if (place === 'ephemeral') await settlePublicSchema();
    report(ctx, passed('restore', 'restored to the end', 'restored to the end'), restoreStartedAt);
    return { restoreMs };
  };

  const compare: Scratch['compare'] = async (ctx, policy: VerificationPolicy) => {
    const startedAt = ctx.clock.now().getTime();
    const found = await readCopyFacts(ctx, address(), {
      jobs: parts.jobs,
      isChosen,
      isSchemaOnly: manifest.options.schemaOnly,
      fingerprintVersion: manifest.facts.fingerprintVersion,
    });
    const descending = await withConnection(address(), readDescending, ctx.signal);
    for (const check of compareFacts(manifest.facts, found, { incomparable, descending }))
      report(ctx, check, startedAt);

    const checks: readonly [string, (sql: postgres.Sql) => Promise<Judged>][] = [
      ['foreign-keys', (sql) => checkForeignKeys(sql, policy.foreignKeys)],
      ['readable', (sql) => checkReadable(sql, found)],
      ['amcheck', checkPages],
    ];
    for (const [name, check] of checks) {
      const checkStartedAt = ctx.clock.now().getTime();
      const judged = await withConnection(
        address(),
        async (sql) => {
          await sql.unsafe(SETTINGS);
          return check(sql);
        },
        ctx.signal,
      ).catch((thrown: unknown) => {
        ctx.signal.throwIfAborted();
        ctx.log.warn('a check of the restored copy could not run', { check: name, error: thrown });
        const why = thrown instanceof Error ? thrown.message : 'it could not be told why';
        return unknown(name, name !== 'amcheck', `the check could not run: ${why}`);
      });
      report(ctx, judged, checkStartedAt);
    }
    if (policy.sqlChecks.length === 0) return;
    const reader = place === 'ephemeral' ? { ...address(), user: await createReader(ctx) } : address();
    for (const check of policy.sqlChecks) {
      const checkStartedAt = ctx.clock.now().getTime();
      report(ctx, await runSqlCheck(ctx, reader, check), checkStartedAt);
    }
  };

  /**
   * Somebody who may read everything and do nothing else; and nobody is a superuser any more whose functions and views it could
   * use. The facts are read by now, so what the copy grants may change.
   */
  const createReader = (ctx: ScratchContext): Promise<string> =>
    withConnection(
      address(),
      async (sql) => {
        const suffix = randomBytes(4).toString('hex');
        const [group, reader] = [`holdfast_group_${suffix}`, `holdfast_reader_${suffix}`];
        await sql.unsafe(`create role ${group} nologin`);
        if (parts.major >= 14) await sql.unsafe(`grant pg_read_all_data to ${group}`);
        else await grantSelect(sql, group);
        for (const role of (manifest.facts.roles ?? []).filter((name) => !isPredefined(name))) {
          await sql.unsafe(`alter role ${quoteName(role)} nosuperuser bypassrls`);
          await sql.unsafe(`grant ${group} to ${quoteName(role)}`);
        }
        await sql.unsafe(`create role ${reader} login bypassrls in role ${group}`);
        await sql.unsafe(`alter database ${quoteName(database)} connection limit -1`);
        await sql.unsafe(`grant connect on database ${quoteName(database)} to ${reader}`);
        return reader;
      },
      ctx.signal,
    );

  return {
    place,
    productVersion: parts.productVersion,
    get database() {
      return database;
    },
    restore,
    compare,
    [Symbol.asyncDispose]: () => parts.remove(),
  };
}
