import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../contracts/facts.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePhase, RestorePlan } from '../contracts/restore.ts';
import type { Check, VerifyOrder } from '../contracts/verification.ts';
import { humanBytes } from '../core/bytes.ts';
import { stampedName } from '../core/database-name.ts';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import type { Config } from '../platform/config.ts';
import { openRestoreServer } from '../sources/registry.ts';
import type { RestoreServer } from '../sources/source.ts';
import { listDump } from '../verify/list-dump.ts';
import { openArchive } from '../verify/open-archive.ts';
import type { ArchivePlace, OpenedArchive } from '../verify/opened-archive.ts';
import { createRestoreMeter } from './run-progress.ts';

export type RestoreContext = Pick<RunContext, 'runId' | 'signal' | 'log' | 'clock'>;

export interface CopyOrder {
  /** The restore's id, which marks what it makes. */
  readonly id: string;
  readonly plan: RestorePlan;
  readonly place: Pick<ArchivePlace, 'destination' | 'key'>;
  readonly recorded: VerifyOrder['recorded'];
}

export interface CopyProgress {
  readonly phase: RestorePhase;
  readonly table: string | null;
  readonly tablesDone: number;
  readonly tableCount: number;
  /** Of the whole restore, 0 to 1. */
  readonly fraction: number;
}

/** What a run tells while it goes. */
export interface CopyPorts {
  moved(progress: CopyProgress): void;
  found(check: Check): void;
  say(line: string): void;
  /** Writes the name of a database down before it is made. Throws where that cannot be done: then it is not made. */
  noteCopy(database: string): Promise<void>;
}

export interface RestoredCopy {
  readonly database: string;
  readonly restoreMs: number;
  /** Every fact agreed, of a backup that was restored whole. */
  readonly isProven: boolean;
  /** Names of checks that did not pass although they had to. */
  readonly unproven: readonly string[];
}

/** Where in the whole run each step ends. */
const DECODED = 0.2;
const RESTORED = 0.85;
const COMPARED = 0.97;

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
    const opened = await open(config, order, folder, ports, ctx);
    const { manifest } = opened;
    ports.say(`decoded: ${humanBytes(manifest.plain.bytes)} of dump`);
    const database = await freeName(server, order.plan.targetDatabase, ctx);
    await ports.noteCopy(database);
    const incomparable = await createCopy(server, order, manifest, database, ctx);
    ports.say(`created ${database}`);
    const restoreMs = await fill(config, server, { order, opened, database, ports, ctx });
    ports.say(`restored in ${String(Math.round(restoreMs / 100) / 10)} s`);

    ports.moved({ ...done(manifest), phase: 'comparing', fraction: RESTORED });
    const { schemaOnly } = order.plan;
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
    const unproven = checks
      .filter(({ verdict, isRequired }) => verdict === 'FAILED' || (verdict === 'UNKNOWN' && isRequired))
      .map(({ name }) => name);
    ports.moved({ ...done(manifest), phase: 'finishing', fraction: COMPARED });
    return {
      database,
      restoreMs: Math.round(restoreMs),
      isProven: unproven.length === 0 && !schemaOnly,
      unproven,
    };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      ctx.log.warn('could not remove what a restore left', { folder, error });
    });
  }
}

const done = ({ facts }: Manifest) => ({
  table: null,
  tablesDone: facts.tableCount,
  tableCount: facts.tableCount,
});

async function open(
  config: Config,
  { place, recorded }: CopyOrder,
  folder: string,
  ports: CopyPorts,
  ctx: RestoreContext,
): Promise<OpenedArchive & { readonly manifest: Manifest }> {
  // Its bytes are read twice: as they are stored, and as they decode.
  let passes = 0;
  let lastBytes = 0;
  const opened = await openArchive(
    config,
    { ...place, path: null },
    {
      folder,
      serverMajor: 0,
      ignoresManifest: false,
      say: (line) => {
        ports.say(line);
      },
      recorded,
      report: (event) => {
        if (event.type === 'check') ports.found(event.check);
        if (event.type !== 'progress' || event.phase !== 'decoding') return;
        if (event.bytes < lastBytes || passes === 0) passes += 1;
        lastBytes = event.bytes;
        const part = event.totalBytes === undefined ? 0 : event.bytes / Math.max(1, event.totalBytes);
        ports.moved({
          phase: 'decoding',
          table: null,
          tablesDone: 0,
          tableCount: 0,
          fraction: (DECODED / 2) * Math.min(2, passes - 1 + Math.min(1, part)),
        });
      },
    },
    ctx,
  );
  const { manifest } = opened;
  if (manifest === null) {
    throw new AppError('object_missing', 'there is no manifest beside the archive', {
      hint: 'Without it nothing tells what the backup must hold: restore it with scripts/restore.sh, or choose another backup.',
    });
  }
  return { ...opened, manifest };
}

/** Another restore of a database with as long a name may have begun within this second. */
async function freeName(server: RestoreServer, target: string, ctx: RestoreContext): Promise<string> {
  let at = ctx.clock.now();
  for (;;) {
    const name = stampedName(target, 'restore', at);
    if ((await server.existing(ctx, [name])).size === 0) return name;
    at = new Date(at.getTime() + 1000);
  }
}

async function createCopy(
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

interface Filling {
  readonly order: CopyOrder;
  readonly opened: OpenedArchive & { readonly manifest: Manifest };
  readonly database: string;
  readonly ports: CopyPorts;
  readonly ctx: RestoreContext;
}

async function fill(
  config: Config,
  server: RestoreServer,
  { order, opened, database, ports, ctx }: Filling,
): Promise<number> {
  const { plan } = order;
  const meter = createRestoreMeter(opened.manifest.facts.tables, await listDump(opened, ctx));
  const tell = (): void => {
    const { table, tablesDone, tableCount, fraction } = meter;
    ports.moved({
      phase: 'restoring',
      table,
      tablesDone,
      tableCount,
      fraction: DECODED + (RESTORED - DECODED) * fraction,
    });
  };
  tell();
  const startedAt = ctx.clock.now().getTime();
  await server.restore(
    ctx,
    {
      database,
      program: opened.pgRestore,
      args: [
        `--jobs=${String(config.verify.jobs)}`,
        ...(plan.noOwner ? ['--no-owner', '--no-privileges'] : []),
        ...(plan.schemaOnly ? ['--schema-only'] : []),
      ],
      file: opened.file,
    },
    (line) => {
      meter.tell(line);
      tell();
    },
  );
  return ctx.clock.now().getTime() - startedAt;
}

/** What a restore without rows shows of a backup that has them. */
function withoutRows(facts: Facts): Facts {
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
