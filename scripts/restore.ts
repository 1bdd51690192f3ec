import { userInfo } from 'node:os';
import type { Actor } from '#lib/core/actor.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError, toAppError } from '#lib/core/errors.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { loadEnvironment, ROOT } from './load-env.ts';
import { printError } from './print-error.ts';
import { chooseArchive, fileChosen } from './restore-choose.ts';
import { HELP, readOptions, type RestoreOptions } from './restore-options.ts';
import { openPrompt } from './restore-prompt.ts';
import { DownloadFailed, runRestore, s3Chosen } from './restore-run.ts';

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

function whoRuns(): Actor {
  let name = 'restore.sh';
  try {
    name = userInfo().username;
  } catch {
    // A container may run under an id without a name.
  }
  return { kind: 'cli', id: 'restore.sh', name, role: 'admin' };
}

function readConfig(options: RestoreOptions): Config {
  loadEnvironment();
  process.chdir(ROOT);
  return parseConfig({
    ...process.env,
    ...(options.bucket === null ? {} : { BACKUP_S3_BUCKET: options.bucket }),
    ...(options.identity === null ? {} : { BACKUP_AGE_IDENTITY_FILE: options.identity }),
  });
}

async function run(options: RestoreOptions): Promise<void> {
  const cwd = process.cwd();
  const env = { ...process.env };
  const config = readConfig(options);
  const stopping = new AbortController();
  const onSignal = (): void => {
    stopping.abort(
      new AppError('cancelled', 'the restore was stopped', { hint: 'Start it again when it suits.' }),
    );
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  using prompt = openPrompt(stopping.signal);
  try {
    const database = options.targetDatabase ?? config.source.database;
    const chosen =
      options.fromS3 !== null
        ? s3Chosen(config, options.fromS3)
        : options.file !== null
          ? fileChosen(options.file)
          : await chooseArchive(
              config,
              database,
              prompt,
              (line) => process.stdout.write(`${line}\n`),
              options.isDryRun,
            );
    await runRestore(
      {
        config,
        actor: whoRuns(),
        migrate: { command: process.env['RESTORE_MIGRATE_COMMAND'], cwd, env },
        signal: stopping.signal,
        prompt,
        say,
      },
      options,
      chosen,
    );
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(HELP);
  else if (options.file === null && options.fromS3 === null && !process.stdin.isTTY) {
    process.stderr.write(HELP);
    throw new AppError('usage', 'no BACKUP_FILE was given', {
      hint: 'Name a file, use --from-s3 KEY, or run it on a terminal to choose from a list.',
    });
  } else await run(options);
} catch (thrown) {
  const error = toAppError(thrown);
  printError(error);
  process.exitCode = exitCodeOf(error);
}
