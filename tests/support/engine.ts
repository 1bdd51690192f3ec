import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Catalogue } from '#db/client.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { systemClock } from '#lib/core/clock.ts';
import type { Secret } from '#lib/core/secret.ts';
import type { EngineDeps } from '#lib/engine/deps.ts';
import { createBoss, queueOf } from '#lib/jobs/queue.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';

export interface TestEngine extends EngineDeps {
  /** Holds `backups/` and the data folder. */
  readonly folder: string;
  /** What a worker process of the same installation needs. */
  readonly environment: Readonly<Record<string, string>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The engine's dependencies over this catalogue, with folders of its own and a worker id that has no row. */
export async function createEngine(
  catalogue: Catalogue & { readonly url: Secret },
  environment: Readonly<Record<string, string>> = {},
): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-engine-'));
  const env = {
    DATABASE_URL: catalogue.url.reveal(),
    HOLDFAST_DATA_DIR: join(folder, 'data'),
    BACKUP_LOCAL_PATH: join(folder, 'backups'),
    BACKUP_TIMEZONE: 'UTC',
    ...environment,
  };
  const boss = createBoss(catalogue.url, 'worker');
  boss.on('error', () => undefined);
  await boss.start();
  const workerId = randomUUID();
  return {
    config: parseConfig(env),
    sourceId: ENVIRONMENT_SOURCE_ID,
    db: catalogue.db,
    queue: queueOf(boss),
    log: createLogger('warn', { process: 'test' }),
    clock: systemClock,
    workerId,
    folder,
    environment: env,
    [Symbol.asyncDispose]: async () => {
      await boss.stop({ graceful: false });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
