import type { Actor } from '../core/actor.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/run-context.ts';
import type { Queue } from '../jobs/queue.ts';
import type { Config } from '../platform/config.ts';
import type { Db } from '#db/client.ts';

/** What the engine's use-cases need of the worker that runs them. */
export interface EngineDeps {
  /** For the source at hand (source-deps.ts); a worker's own is the environment's. */
  readonly config: Config;
  readonly sourceId: string;
  readonly db: Db;
  readonly queue: Queue;
  readonly log: Logger;
  readonly clock: Clock;
  /** A new one each start: what an earlier process of this machine held is not ours. */
  readonly workerId: string;
}

/** Whose backups become a path again, and not a database. */
export const isOfPath = ({ config }: Pick<EngineDeps, 'config'>): boolean =>
  config.protects.kind !== 'postgres';

/** Who acts where no person asked: the schedule, retention, the sweep after a crash. */
export const workerActor = (
  part:
    | 'schedule'
    | 'run'
    | 'verification'
    | 'drill'
    | 'restore'
    | 'retention'
    | 'recovery'
    | 'removal'
    | 'rebuild',
): Actor => ({
  kind: 'worker',
  id: part,
  name: 'worker',
  role: 'admin',
});
