import { translateCatalogueError } from '#db/errors.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Logger } from '../core/run-context.ts';

/** No write takes this long; one whose connection was lost in a certain moment is never answered at all (postgres.js 3.4.9). */
const ANSWER_MS = 2 * 60_000;
/** A catalogue that restarts is back within this; one that is not has bigger troubles. */
const PATIENCE_MS = 10 * 60_000;

/** What the catalogue answers, or `catalogue_down` when it has not after this long. */
export async function answered<T>(clock: Clock, asked: Promise<T>, limitMs: number): Promise<T> {
  const end = new AbortController();
  const silence = clock.sleep(limitMs, end.signal).then(() => {
    throw new AppError('catalogue_down', 'the catalogue database does not answer', {
      hint: 'Check that the PostgreSQL server behind DATABASE_URL is running and reachable, then try again.',
    });
  });
  // Whichever is second is nobody's any more.
  silence.catch(() => undefined);
  asked.catch(() => undefined);
  try {
    return await Promise.race([asked, silence]);
  } finally {
    end.abort();
  }
}

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
      return await answered(deps.clock, write(), ANSWER_MS);
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
