import { livingWorkers } from '#db/queries/worker.ts';
import type { Backend } from '#db/backend.ts';
import { AppError } from '#lib/core/errors.ts';

const LOOK_EVERY_MS = 500;

/** Throws `worker_absent` where nobody would do what is about to be asked for. */
export async function needWorker(backend: Backend, hint: string): Promise<void> {
  if ((await livingWorkers(backend.db)).length > 0) return;
  throw new AppError('worker_absent', 'no worker is running', { hint });
}

/** Asks again and again until the answer is there. */
export async function waitFor<Value>(
  backend: Backend,
  look: () => Promise<Value>,
  isThere: (value: Value) => boolean,
): Promise<Value> {
  for (;;) {
    const value = await look();
    if (isThere(value)) return value;
    await backend.clock.sleep(LOOK_EVERY_MS);
  }
}
