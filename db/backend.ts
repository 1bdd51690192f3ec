import { systemClock, type Clock } from '../lib/core/clock.ts';
import { AppError } from '../lib/core/errors.ts';
import type { Logger } from '../lib/core/run-context.ts';
import { createBoss, queueOf, type Queue } from '../lib/jobs/queue.ts';
import { loadConfig, needDatabaseUrl, type Config } from '../lib/platform/config.ts';
import { createLogger } from '../lib/platform/logger.ts';
import { openCatalogue, type Catalogue, type Db } from './client.ts';
import { translateCatalogueError } from './errors.ts';

/** What every service works with: the catalogue and the sending end of the queue. */
export interface Backend {
  readonly config: Config;
  readonly db: Db;
  readonly log: Logger;
  readonly clock: Clock;
  /** Started at the first call. Throws `catalogue_down`; a later call tries again. */
  queue(): Promise<Queue>;
  close(): Promise<void>;
}

/** A backend of the caller's own; close it. Throws `config` without a DATABASE_URL. */
export function createBackend(
  config: Config,
  options: { readonly applicationName?: string; readonly log?: Logger; readonly clock?: Clock } = {},
): Backend {
  const url = needDatabaseUrl(config);
  const log = options.log ?? createLogger(config.logLevel, { process: 'web' });
  const catalogue: Catalogue = openCatalogue(url, {
    applicationName: options.applicationName ?? 'holdfast-web',
    maxConnections: 10,
  });
  let starting: Promise<Queue> | undefined;
  const start = async (): Promise<Queue> => {
    const boss = createBoss(url, 'web');
    boss.on('error', (error) => {
      log.warn('the queue reported an error', { error });
    });
    try {
      await boss.start();
    } catch (error) {
      await boss.stop({ graceful: false }).catch(() => undefined);
      const known = translateCatalogueError(error);
      throw known instanceof AppError
        ? known
        : new AppError('catalogue_down', 'the job queue in the catalogue could not be opened', {
            hint: 'Run npm run db:migrate, then try again.',
            cause: error,
          });
    }
    return queueOf(boss);
  };
  return {
    config,
    db: catalogue.db,
    log,
    clock: options.clock ?? systemClock,
    queue: () => {
      starting ??= start().catch((error: unknown) => {
        // A catalogue that was away at the first request must not leave this process without a queue for ever.
        starting = undefined;
        throw error;
      });
      return starting;
    },
    close: async () => {
      const queue = await starting?.catch(() => undefined);
      await queue?.close();
      await catalogue.close();
    },
  };
}

// On globalThis, because a hot reload makes a new module but must not open a second set of connections.
const slot = globalThis as typeof globalThis & { holdfastBackend?: Backend };

/** This process's one backend, made at the first call. */
export function processBackend(): Backend {
  slot.holdfastBackend ??= createBackend(loadConfig());
  return slot.holdfastBackend;
}
