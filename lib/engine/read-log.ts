import type { LogReading } from '../contracts/log.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type { Config } from '../platform/config.ts';
import { listBases } from '../restore/base-archives.ts';
import { logStretches, type StoredBase } from '../restore/log-stretches.ts';
import { holdsSegment } from '../restore/wal-folder.ts';
import type { LogArchiving } from '../sources/log-archiving.ts';
import { openBaseSource, openRecoveryServer } from '../sources/registry.ts';
import type { SourceContext } from '../sources/source.ts';
import { openStorage } from '../storage/registry.ts';
import type { StorageContext } from '../storage/storage.ts';
import { saveLogReading } from '#db/queries/log.ts';
import type { EngineDeps } from './deps.ts';

const TIMEOUT_MS = 120_000;

/** The finished base archives of this server, at every destination. */
async function basesOf(
  config: Config,
  { systemIdentifier }: LogArchiving,
  ctx: StorageContext,
): Promise<readonly StoredBase[]> {
  const found: StoredBase[] = [];
  for (const destination of config.s3 === null ? (['local'] as const) : (['local', 's3'] as const)) {
    const storage = openStorage(config, destination);
    try {
      const bases = await listBases(
        storage,
        destination,
        (error) => {
          ctx.log.warn('a base archive cannot be used', { destination, error });
        },
        ctx,
      );
      found.push(
        ...bases
          .filter(({ manifest }) => manifest.server.systemIdentifier === systemIdentifier)
          .map((base) => ({ ...base, destination })),
      );
    } finally {
      await storage.close();
    }
  }
  return found;
}

/** Null where no server of this major is installed here, and so nobody can tell when a transaction was. */
async function findPgWaldump(config: Config, major: number, ctx: SourceContext): Promise<string | null> {
  try {
    return (await openRecoveryServer(config, ctx, major)).pgWaldump;
  } catch (error) {
    if (error instanceof AppError && error.code === 'tool_missing') return null;
    throw error;
  }
}

/** Looks at the server, at the kept log in `walFolder`, and at the base archives. Throws what keeps it from looking. */
export async function readLog(
  config: Config,
  walFolder: string,
  ctx: SourceContext & StorageContext,
): Promise<LogReading> {
  const archiving = await openBaseSource(config).archiving(ctx);
  const bases = await basesOf(config, archiving, ctx);
  const pgWaldump = await findPgWaldump(config, archiving.major, ctx);
  const { flaw, lastSegment, timeoutSeconds } = archiving;
  const isElsewhere = lastSegment !== null && !(await holdsSegment(walFolder, lastSegment));
  return {
    stretches: [...(await logStretches(walFolder, bases, pgWaldump, ctx))],
    flaw:
      flaw ?? (isElsewhere ? `the server archived ${lastSegment}, and that is not in ${walFolder}` : null),
    archiveTimeoutSeconds: timeoutSeconds,
  };
}

/** Reads the log of the environment's server, where one is kept, and notes what was seen, or why nothing was. */
export async function tickLog(deps: EngineDeps, signal: AbortSignal): Promise<void> {
  const { config, db, sourceId, clock, log } = deps;
  if (config.walPath === null || config.protects.kind !== 'postgres') return;
  const ctx = {
    runId: deps.workerId,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    clock,
    log,
  };
  let seen: LogReading | AppError;
  try {
    seen = await readLog(config, config.walPath, ctx);
  } catch (error) {
    signal.throwIfAborted();
    seen = ctx.signal.aborted
      ? new AppError('timeout', 'looking at the kept log took too long', {
          hint: 'See whether its folder, the server and the destinations answer.',
        })
      : toAppError(error);
    log.warn('the kept log cannot be looked at', { error: seen });
  }
  await saveLogReading(db, sourceId, seen);
}
