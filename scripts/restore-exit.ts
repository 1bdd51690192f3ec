import type { AppError } from '#lib/core/errors.ts';

const EXIT_RESTORE = 1;
const EXIT_CONFIG = 3;
const EXIT_VERIFICATION = 4;

const configCodes = new Set([
  'config',
  'usage',
  'invalid',
  'not_found',
  'object_missing',
  'protected',
  'target_not_empty',
  'tool_missing',
  'tool_version',
  'wrong_key',
]);
const verificationCodes = new Set(['integrity', 'verification_failed']);

/** The backup could not be fetched. */
export const EXIT_DOWNLOAD = 2;

/** The exit code of a restore script, where the backup could be fetched. */
export function restoreExitOf({ code }: AppError): number {
  if (configCodes.has(code)) return EXIT_CONFIG;
  return verificationCodes.has(code) ? EXIT_VERIFICATION : EXIT_RESTORE;
}
