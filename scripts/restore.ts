import { systemClock } from '#lib/core/clock.ts';
import { AppError, toAppError } from '#lib/core/errors.ts';
import { printError } from './print-error.ts';
import { HELP, readOptions } from './restore-options.ts';
import { DownloadFailed } from './restore-run.ts';
import { startRestore } from './restore-start.ts';

const EXIT_RESTORE = 1;
const EXIT_DOWNLOAD = 2;
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

function exitCodeOf(error: AppError): number {
  if (error instanceof DownloadFailed) return EXIT_DOWNLOAD;
  if (configCodes.has(error.code)) return EXIT_CONFIG;
  return verificationCodes.has(error.code) ? EXIT_VERIFICATION : EXIT_RESTORE;
}

const say = (line: string): void => {
  process.stdout.write(`[${systemClock.now().toISOString()}] ${line}\n`);
};

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(HELP);
  else if (options.file === null && options.fromS3 === null && !process.stdin.isTTY) {
    process.stderr.write(HELP);
    throw new AppError('usage', 'no BACKUP_FILE was given', {
      hint: 'Name a file, use --from-s3 KEY, or run it on a terminal to choose from a list.',
    });
  } else {
    const list = (line: string): void => void process.stdout.write(`${line}\n`);
    await startRestore(options, { command: 'restore.sh', cwd: process.cwd(), say, list });
  }
} catch (thrown) {
  const error = toAppError(thrown);
  printError(error);
  process.exitCode = exitCodeOf(error);
}
