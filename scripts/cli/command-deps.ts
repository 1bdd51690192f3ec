import { randomUUID } from 'node:crypto';
import type { Backend } from '#db/backend.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import type { EngineDeps } from '#lib/engine/deps.ts';

/** What a command that does a worker's work itself gives to the engine. */
export const commandDeps = async (backend: Backend): Promise<EngineDeps> => ({
  config: backend.config,
  sourceId: ENVIRONMENT_SOURCE_ID,
  db: backend.db,
  queue: await backend.queue(),
  log: backend.log,
  clock: backend.clock,
  workerId: randomUUID(),
});
