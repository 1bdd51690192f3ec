import type { Manifest } from '../../contracts/manifest.ts';
import type { ScratchPlace } from '../../contracts/verification.ts';
import { humanBytes } from '../../core/bytes.ts';
import { AppError, toAppError } from '../../core/errors.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import {
  listPostgresServers,
  listPostgresTools,
  type PostgresServer,
  type PostgresTool,
} from '../../tools/find-postgres-tools.ts';
import type { Scratch, ScratchContext, ScratchNeed } from '../source.ts';
import { passed, unknown } from '../judged.ts';
import { readVersion } from './connect.ts';
import { placeCluster, startEphemeralCluster, type EphemeralCluster } from './ephemeral-cluster.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { createScratchCopy, type Incomparables } from './scratch-copy.ts';
import { createScratchDatabase, dropScratchDatabase, withConnection } from './scratch-database.ts';

const majorOf = (version: string): number => Number.parseInt(version, 10);

/** What an empty cluster takes. */
const CLUSTER_BYTES = 100 * 1024 * 1024;

/** Tables, indexes and write-ahead log of the restored copy. */
function needBytes({ facts, plain }: Manifest): number {
  const sizes = facts.tables.map(({ bytes, kind }) => (kind === 'table' ? bytes : 0));
  const tables = sizes.every((bytes) => bytes !== null)
    ? 2 * sizes.reduce((sum, bytes) => sum + bytes, 0)
    : 1.5 * plain.bytes;
  return tables + CLUSTER_BYTES;
}

/** The oldest program that reads what the archive's pg_dump wrote. */
function chooseRestore(tools: readonly PostgresTool[], manifest: Manifest): PostgresTool | AppError {
  const dumpMajor = majorOf(manifest.tools['pg_dump'] ?? manifest.source.productVersion);
  const [best] = tools.filter(({ major }) => major >= dumpMajor).sort((a, b) => a.major - b.major);
  if (best !== undefined) return best;
  const [newest] = [...tools].sort((a, b) => b.major - a.major);
  const hint = `Install postgresql-client-${String(dumpMajor)}, or name its folder in BACKUP_PG_BIN_DIRS.`;
  return newest === undefined
    ? new AppError('tool_missing', 'pg_restore is not installed on this machine', { hint })
    : new AppError(
        'tool_version',
        `pg_restore ${newest.version} cannot read what pg_dump ${String(dumpMajor)} wrote`,
        { hint, fields: { toolVersion: newest.version } },
      );
}

/** See Source.openScratch. */
export async function openScratch(
  config: Config,
  ctx: ScratchContext,
  need: ScratchNeed,
): Promise<Scratch | null> {
  const { manifest } = need;
  const major = majorOf(manifest.source.productVersion);
  const restore = chooseRestore(await listPostgresTools(config, 'pg_restore', ctx), manifest);
  if (restore instanceof AppError) {
    ctx.report(timed(unknown('version', true, restore.message, manifest.tools['pg_dump'] ?? null)), restore);
    return null;
  }
  const servers = await listPostgresServers(config, ctx);
  const server = servers.find((one) => one.major === major);
  const job: ScratchJob = { config, need, restore };
  if (server !== undefined) return openEphemeral(ctx, job, server);
  const { verify } = config;
  if (verify.server !== null) return openOnServer(ctx, job, 'server', verify.server);
  if (verify.mayUseSource) return openOnServer(ctx, job, 'source', config.source);
  const hint = `Install the server programs of PostgreSQL ${String(major)} (Debian: postgresql-${String(major)}), name their folder in BACKUP_PG_BIN_DIRS, or name a server in BACKUP_VERIFY_DATABASE_URL.`;
  const have = servers.map((one) => one.version).join(', ');
  const error = new AppError(
    have === '' ? 'tool_missing' : 'tool_version',
    `no server programs of PostgreSQL ${String(major)} are installed here`,
    { hint },
  );
  ctx.report(
    timed(
      unknown(
        'scratch',
        true,
        `${error.message}: postgresql-${String(major)} is needed, or a server in BACKUP_VERIFY_DATABASE_URL`,
        `PostgreSQL ${String(major)}`,
        have === '' ? null : have,
      ),
    ),
    error,
  );
  return null;
}

interface ScratchJob {
  readonly config: Config;
  readonly need: ScratchNeed;
  readonly restore: PostgresTool;
}

const timed = <Judged extends object>(check: Judged): Judged & { readonly durationMs: number } => ({
  ...check,
  durationMs: 0,
});

/** A scratch that could not be opened is UNKNOWN: nothing was said about the backup. */
function refuse(ctx: ScratchContext, thrown: unknown): null {
  ctx.signal.throwIfAborted();
  const error = toAppError(thrown);
  ctx.log.warn('no scratch database could be made', { error });
  ctx.report(timed(unknown('scratch', true, error.message)), error);
  return null;
}

async function openEphemeral(
  ctx: ScratchContext,
  { config, need, restore }: ScratchJob,
  server: PostgresServer,
): Promise<Scratch | null> {
  const { id, folder, manifest } = need;
  let cluster: EphemeralCluster | null = null;
  try {
    const wanted = needBytes(manifest);
    const place = await placeCluster(ctx, folder, id, wanted);
    const room = [`${humanBytes(wanted)} free`, `${humanBytes(place.freeBytes)} free`] as const;
    if (place.freeBytes < wanted) {
      const error = new AppError('storage_full', 'there is too little room for a restored copy', {
        hint: 'Make room under BACKUP_VERIFY_DIR, or name a folder on a larger disk there.',
      });
      ctx.report(timed(unknown('disk-space', true, error.message, ...room)), error);
      await place.remove();
      return null;
    }
    ctx.report(timed(passed('disk-space', ...room)));
    ctx.report(timed(passed('version', manifest.source.productVersion, server.version)));
    ctx.say(`starting a cluster of PostgreSQL ${server.version}`);
    cluster = await startEphemeralCluster(ctx, server, place);
    const running = cluster;
    return createScratchCopy(ctx, {
      place: 'ephemeral',
      manifest,
      folder,
      pgRestore: restore.file,
      jobs: config.verify.jobs,
      server: { ...running.address },
      productVersion: server.version,
      major: server.major,
      database: null,
      incomparable: {},
      id,
      isServerGone: () => !running.isRunning(),
      remove: () => running[Symbol.asyncDispose](),
    });
  } catch (thrown) {
    await cluster?.[Symbol.asyncDispose]();
    return refuse(ctx, thrown);
  }
}

async function openOnServer(
  ctx: ScratchContext,
  { config, need, restore }: ScratchJob,
  place: ScratchPlace,
  address: PostgresConfig,
): Promise<Scratch | null> {
  const { id, folder, manifest } = need;
  const wantedMajor = majorOf(manifest.source.productVersion);
  try {
    return await withConnection(address, async (sql) => {
      const { version, major } = await readVersion(sql);
      if (major < wantedMajor) {
        const error = new AppError(
          'tool_version',
          `the verification server is PostgreSQL ${version}, older than the source`,
          {
            hint: `Name a server of version ${String(wantedMajor)} or newer in BACKUP_VERIFY_DATABASE_URL, or install postgresql-${String(wantedMajor)} here.`,
          },
        );
        ctx.report(
          timed(unknown('version', true, error.message, manifest.source.productVersion, version)),
          error,
        );
        return null;
      }
      ctx.report(timed(passed('version', manifest.source.productVersion, version)));
      const created = await createScratchDatabase(ctx, sql, {
        id,
        database: manifest.source.database,
        fact: manifest.facts.database,
        major,
      });
      const shared = 'roles of a shared server are not those of the source, so it was restored without them';
      const incomparable: Incomparables = {
        owners: shared,
        grants: shared,
        'default-privileges': shared,
        database: created.otherwise ?? 'the properties of a database are not restored on a shared server',
      };
      return createScratchCopy(ctx, {
        place,
        manifest,
        folder,
        pgRestore: restore.file,
        jobs: config.verify.jobs,
        server: address,
        productVersion: version,
        major,
        database: created.name,
        incomparable,
        id,
        isServerGone: () => false,
        remove: () => withConnection(address, (admin) => dropScratchDatabase(admin, created.name)),
      });
    });
  } catch (thrown) {
    return refuse(ctx, thrown instanceof AppError ? thrown : translatePostgresError(thrown, address));
  }
}
