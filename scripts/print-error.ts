import { ERRORS, toAppError } from '#lib/core/errors.ts';
import { createLogger } from '#lib/platform/logger.ts';

/** Tells a failure on stderr, for people or as one JSON line, and returns the exit code that belongs to it. */
export function printError(thrown: unknown, options: { readonly asJson?: boolean } = {}): number {
  const error = toAppError(thrown);
  if (options.asJson === true) {
    const { code, message, hint } = error;
    process.stderr.write(`${JSON.stringify({ error: { code, message, hint: hint ?? null } })}\n`);
  } else {
    process.stderr.write(`error: ${error.message} [${error.code}]\n`);
    if (error.hint !== undefined) process.stderr.write(`HINT: ${error.hint}\n`);
  }
  // The logger leaves out what a catalogue error's message may hold.
  if (error.code === 'bug') createLogger('error').error('unexpected failure', { error: error.cause });
  return ERRORS[error.code].exit;
}
