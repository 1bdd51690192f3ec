import { AppError } from '../lib/core/errors.ts';
import { isLostConnection } from '../lib/core/lost-connection.ts';

/** The SQLSTATE or socket code of a catalogue error, through drizzle's wrapping; undefined when there is none. */
export function catalogueErrorCode(thrown: unknown): string | undefined {
  for (
    let error: unknown = thrown, depth = 0;
    error instanceof Error && depth < 5;
    error = error.cause, depth += 1
  ) {
    if ('code' in error && typeof error.code === 'string' && error.name !== 'AppError') return error.code;
  }
  return undefined;
}

export const isUniqueViolation = (thrown: unknown): boolean => catalogueErrorCode(thrown) === '23505';

/**
 * Translates what the catalogue threw. drizzle's own message holds the query's parameters, so it must never travel on:
 * it stays in `cause`, which the logger prints without it.
 */
export function translateCatalogueError(thrown: unknown): unknown {
  if (thrown instanceof AppError) return thrown;
  const code = catalogueErrorCode(thrown);
  if (code !== undefined && isLostConnection(code)) {
    return new AppError('catalogue_down', 'the catalogue database does not answer', {
      hint: 'Check that the PostgreSQL server behind DATABASE_URL is running and reachable, then try again.',
      cause: thrown,
    });
  }
  return thrown;
}
