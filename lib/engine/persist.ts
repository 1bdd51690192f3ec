import { translateCatalogueError } from '#db/errors.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Logger } from '../core/run-context.ts';

/** A catalogue that restarts is back within this; one that is not has bigger troubles. */
const PATIENCE_MS = 10 * 60_000;

/**
 * A write that must not be lost because the catalogue restarts: tries until it is back, for ten minutes, then throws
 * `catalogue_down`. Other errors are thrown at once. `write` must be safe to repeat, because an answer may be lost
 * although the write was done.
 */
export async function persist<T>(
  deps: { readonly clock: Clock; readonly log: Logger },
  what: string,
  write: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const giveUpAt = deps.clock.now().getTime() + PATIENCE_MS;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await write();
    } catch (thrown) {
      const error = translateCatalogueError(thrown);
      const isAway = error instanceof AppError && error.code === 'catalogue_down';
      if (!isAway || deps.clock.now().getTime() >= giveUpAt) throw error;
      if (attempt === 0)
        deps.log.warn('the catalogue does not answer; the write waits for it', { what, error });
      await deps.clock.sleep(Math.min(250 * 2 ** attempt, 3000), signal);
    }
  }
}
