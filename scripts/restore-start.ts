import { userInfo } from 'node:os';
import type { Actor } from '#lib/core/actor.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { loadEnvironment, ROOT } from './load-env.ts';
import { chooseArchive, fileChosen } from './restore-choose.ts';
import type { RestoreOptions } from './restore-options.ts';
import { openPrompt } from './restore-prompt.ts';
import { runRestore, s3Chosen, type RestoreReport } from './restore-run.ts';
import { stopAtSignal } from './stop-at-signal.ts';

function whoRuns(command: string): Actor {
  let name = command;
  try {
    name = userInfo().username;
  } catch {
    // A container may run under an id without a name.
  }
  return { kind: 'cli', id: command, name, role: 'admin' };
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

/** Where a restore was asked for, and where it tells what it does. */
export interface RestoreCaller {
  /** `restore.sh`, or the command of the command line. */
  readonly command: string;
  /** The folder in which RESTORE_MIGRATE_COMMAND is run. */
  readonly cwd: string;
  readonly say: (line: string) => void;
  /** For the list of backups. */
  readonly list: (line: string) => void;
}

/** Chooses the archive and restores it; Ctrl-C ends it in good order. Throws an AppError. */
export async function startRestore(options: RestoreOptions, caller: RestoreCaller): Promise<RestoreReport> {
  const env = { ...process.env };
  const config = readConfig(options);
  using stopping = stopAtSignal('the restore was stopped', 'Start it again when it suits.');
  using prompt = openPrompt(stopping.signal);
  const database = options.targetDatabase ?? config.source.database;
  const chosen =
    options.fromS3 !== null
      ? s3Chosen(config, options.fromS3)
      : options.file !== null
        ? fileChosen(options.file)
        : await chooseArchive(config, database, prompt, caller.list, options.isDryRun);
  return await runRestore(
    {
      config,
      actor: whoRuns(caller.command),
      migrate: { cwd: caller.cwd, env },
      signal: stopping.signal,
      prompt,
      say: caller.say,
    },
    options,
    chosen,
  );
}
