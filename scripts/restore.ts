import { AppError, toAppError } from '#lib/core/errors.ts';
import { printError } from './print-error.ts';
import { EXIT_DOWNLOAD, restoreExitOf } from './restore-exit.ts';
import { HELP, readOptions } from './restore-options.ts';
import { DownloadFailed } from './restore-run.ts';
import { startRestore } from './restore-start.ts';
import { say } from './say.ts';

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
  process.exitCode = error instanceof DownloadFailed ? EXIT_DOWNLOAD : restoreExitOf(error);
}
