import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../contracts/facts.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { Check } from '../contracts/verification.ts';
import { humanBytes } from '../core/bytes.ts';
import { stampedName } from '../core/database-name.ts';
import type { Config } from '../platform/config.ts';
import { openRestoreServer } from '../sources/registry.ts';
import type { RestoreServer } from '../sources/source.ts';
import { listDump } from '../verify/list-dump.ts';
import { openBackup } from './open-backup.ts';
import type { CopyOrder, CopyPorts, RestoreContext } from './restore-order.ts';
import { runMetered } from './run-metered.ts';
import { COMPARED, DECODED, RESTORED } from './run-progress.ts';

export interface RestoredCopy {
  readonly database: string;
  readonly restoreMs: number;
  /** Every fact agreed, of a backup that was restored whole. */
  readonly isProven: boolean;
  /** Names of checks that did not pass although they had to. */
  readonly unproven: readonly string[];
}

/**
 * Restores a backup into a new database beside the others, `<target>_restore_<timestamp>`, and holds every fact against it. Throws
 * what stopped it; what it made then is for the caller to drop, by the name that was noted.
 */
export async function makeCopy(
  config: Config,
  order: CopyOrder,
  ports: CopyPorts,
  ctx: RestoreContext,
): Promise<RestoredCopy> {
  const server = openRestoreServer(config);
  const folder = join(config.verify.dir, `restore-${order.id}`);
  const still = { table: null, tablesDone: 0, tableCount: 0 };
  try {
    ports.moved({ phase: 'decoding', fraction: 0, ...still });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const opened = await openBackup(config, order, folder, ports, ctx);
    const { manifest } = opened;
    ports.say(`decoded: ${humanBytes(manifest.plain.bytes)} of dump`);
    const database = await freeName(server, order.plan.targetDatabase, ctx);
    await ports.noteCopy(database);
    const incomparable = await createCopy(server, order, manifest, database, ctx);
    ports.say(`created ${database}`);
    const { schemaOnly, noOwner } = order.plan;
    const restoreMs = await runMetered(
      server,
      {
        database,
        opened,
        args: [
          `--jobs=${String(config.verify.jobs)}`,
          ...(noOwner ? ['--no-owner', '--no-privileges'] : []),
          ...(schemaOnly ? ['--schema-only'] : []),
        ],
        tables: manifest.facts.tables,
        list: await listDump(opened, ctx),
        from: DECODED,
        to: RESTORED,
      },
      ports,
      ctx,
    );

    ports.moved({ ...done(manifest), phase: 'comparing', fraction: RESTORED });
    const checks = await server.compare(
      ctx,
      database,
      schemaOnly ? withoutRows(manifest.facts) : manifest.facts,
      {
        isChosen: manifest.options.tables !== null,
        isSchemaOnly: schemaOnly || manifest.options.schemaOnly,
        incomparable,
      },
    );
    for (const check of checks) ports.found(check);
    const unproven = unprovenOf(checks);
    ports.moved({ ...done(manifest), phase: 'finishing', fraction: COMPARED });
    return {
      database,
      restoreMs,
      isProven: unproven.length === 0 && !schemaOnly,
      unproven,
    };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      ctx.log.warn('could not remove what a restore left', { folder, error });
    });
  }
}

/** Names of checks that keep from a proof. */
export const unprovenOf = (checks: readonly Check[]): readonly string[] =>
  checks
    .filter(({ verdict, isRequired }) => verdict === 'FAILED' || (verdict === 'UNKNOWN' && isRequired))
    .map(({ name }) => name);

const done = ({ facts }: Manifest) => ({
  table: null,
  tablesDone: facts.tableCount,
  tableCount: facts.tableCount,
});

/** Another restore of a database with as long a name may have begun within this second. */
export async function freeName(server: RestoreServer, target: string, ctx: RestoreContext): Promise<string> {
  let at = ctx.clock.now();
  for (;;) {
    const name = stampedName(target, 'restore', at);
    if ((await server.existing(ctx, [name])).size === 0) return name;
    at = new Date(at.getTime() + 1000);
  }
}

export async function createCopy(
  server: RestoreServer,
  { id, plan }: CopyOrder,
  manifest: Manifest,
  database: string,
  ctx: RestoreContext,
): Promise<Readonly<Record<string, string>>> {
  const { facts, options } = manifest;
  const otherwise = await server.create(ctx, { database, id, fact: facts.database });
  if (options.tables !== null)
    await server.createSchemas(ctx, database, [...new Set(facts.tables.map(({ schema }) => schema))]);
  const owners = 'the restore was asked to leave owners and grants out';
  return {
    database:
      otherwise ??
      (plan.mode === 'swap'
        ? 'the copy takes over the properties of the database it replaces'
        : 'a new database has the properties of its own server'),
    ...(plan.noOwner ? { owners, grants: owners, 'default-privileges': owners } : {}),
    ...(plan.schemaOnly ? { 'materialized-views': 'the restore was asked to leave the rows out' } : {}),
  };
}

/** What a restore without rows shows of a backup that has them. */
export function withoutRows(facts: Facts): Facts {
  const unknown = 'schema-only' as const;
  return {
    ...facts,
    tables: facts.tables.map((table) => ({ ...table, rows: null, fingerprint: null, unknown })),
    sequences:
      facts.sequences?.map((sequence) => ({
        ...sequence,
        before: null,
        after: null,
        unknown,
        column: sequence.column === null ? null : { ...sequence.column, extreme: null },
      })) ?? null,
    largeObjects: { count: null, fingerprint: null, unknown },
  };
}
