import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Destination } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError, toAppError } from '#lib/core/errors.ts';
import type { RunContext } from '#lib/core/run-context.ts';
import { tiersOfSlot } from '#lib/core/schedule.ts';
import {
  factsPolicyOf,
  copyArchive,
  makeArchive,
  type ArchiveCopy,
  type ArchiveResult,
} from '#lib/engine/archive.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { recordBackup } from './backup-record.ts';
import { loadEnvironment, ROOT } from './load-env.ts';
import { printError } from './print-error.ts';
import { printProgress } from './print-progress.ts';
import { say } from './say.ts';
import { stopAtSignal } from './stop-at-signal.ts';
import { needBucket, parseTyped, readTables } from './typed-options.ts';

const HELP = `Usage: ./scripts/backup.sh [OPTIONS]
  --output-dir DIR     Local directory for backup (default: ./backups, or BACKUP_LOCAL_PATH)
  --upload-s3          Upload to S3 after local backup
  --s3-bucket BUCKET   S3 bucket name (default: BACKUP_S3_BUCKET)
  --compress           Additional gzip compression (on top of pg_dump custom format)
  --tables TABLE,...   Backup specific tables only
  --schema-only        Backup schema without data
  --verbose            Show detailed progress
  --help               Show this text

Connection: PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE from the environment, .env, or the quickstart.
The file is a .dump that pg_restore opens; BACKUP_COMPRESSION=zstd makes it .dump.zst, BACKUP_AGE_RECIPIENTS
adds .age, --compress adds .gz. The manifest lies beside it.

Exit codes: 0 success, 1 pg_dump failure, 2 upload failure, 3 config error.
`;

const EXIT_DUMP = 1;
const EXIT_UPLOAD = 2;
const EXIT_CONFIG = 3;

const configCodes = new Set(['config', 'usage', 'invalid', 'tool_missing', 'tool_version']);
const exitCodeOf = (error: AppError): number => (configCodes.has(error.code) ? EXIT_CONFIG : EXIT_DUMP);

interface Options {
  readonly outputDir: string | undefined;
  readonly uploadS3: boolean;
  readonly bucket: string | undefined;
  readonly isGzipped: boolean;
  readonly tables: readonly string[] | null;
  readonly schemaOnly: boolean;
  readonly isVerbose: boolean;
  readonly isHelp: boolean;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseTyped(
    {
      args: [...args],
      options: {
        'output-dir': { type: 'string' },
        'upload-s3': { type: 'boolean', default: false },
        's3-bucket': { type: 'string' },
        compress: { type: 'boolean', default: false },
        tables: { type: 'string' },
        'schema-only': { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    },
    'Run ./scripts/backup.sh --help to see the options.',
  );
  return {
    outputDir: values['output-dir'],
    uploadS3: values['upload-s3'],
    bucket: values['s3-bucket'],
    isGzipped: values.compress,
    tables: values.tables === undefined ? null : readTables(values.tables),
    schemaOnly: values['schema-only'],
    isVerbose: values.verbose,
    isHelp: values.help,
  };
}

/** The installation's configuration as the flags change it. */
function readConfig(options: Options): {
  readonly config: Config;
  readonly installed: Config;
  readonly installedBucket: string | undefined;
} {
  // A path typed at the prompt is relative to where it was typed, one in .env to the installation.
  const outputDir = options.outputDir === undefined ? undefined : resolve(options.outputDir);
  loadEnvironment();
  process.chdir(ROOT);
  // BR-001: the script's file is a plain .dump unless the installation has decided otherwise.
  const env = { ...process.env, BACKUP_COMPRESSION: process.env['BACKUP_COMPRESSION'] || 'gzip' };
  if (options.isGzipped) env.BACKUP_COMPRESSION = 'gzip';
  if (options.bucket !== undefined) Object.assign(env, { BACKUP_S3_BUCKET: options.bucket });
  const installed = parseConfig(env);
  if (options.uploadS3) needBucket(installed, '--upload-s3');
  return {
    installed,
    installedBucket: process.env['BACKUP_S3_BUCKET'],
    config: { ...installed, localPath: outputDir ?? installed.localPath },
  };
}

const noHooks = { writing: () => Promise.resolve(), stored: () => Promise.resolve() };

async function run(options: Options): Promise<number> {
  const { config, installed, installedBucket } = readConfig(options);
  using stopping = stopAtSignal('the backup was cancelled');
  const workDir = mkdtempSync(join(tmpdir(), 'holdfast-backup-'));
  const id = randomUUID();
  const takenAt = systemClock.now();
  const tiers = tiersOfSlot(takenAt, config.schedule.timeZone);
  const ctx: RunContext = {
    runId: id,
    signal: stopping.signal,
    clock: systemClock,
    log: createLogger(options.isVerbose ? config.logLevel : 'warn'),
    workDir,
    progress: options.isVerbose ? printProgress() : () => undefined,
  };
  const destinations: Destination[] = options.uploadS3 ? ['local', 's3'] : ['local'];
  const record = (outcome: { result?: ArchiveResult; copies?: readonly ArchiveCopy[]; error?: AppError }) =>
    recordBackup(
      installed,
      {
        id,
        takenAt,
        tiers,
        destinations,
        tables: options.tables,
        schemaOnly: options.schemaOnly,
        localPath: config.localPath,
        isOwnBucket: options.bucket === undefined || options.bucket === installedBucket,
      },
      outcome,
    );
  try {
    say(`backing up ${config.source.database} at ${config.source.host}:${String(config.source.port)}`);
    let result: ArchiveResult;
    try {
      result = await makeArchive(
        config,
        {
          id,
          takenAt,
          tiers,
          destinations: ['local'],
          tables: options.tables,
          schemaOnly: options.schemaOnly,
          description: null,
          expectedPlainBytes: null,
          factsPolicy: factsPolicyOf(DEFAULT_VERIFICATION_POLICY),
          isGzipped: options.isGzipped,
        },
        noHooks,
        ctx,
      );
    } catch (thrown) {
      const error = toAppError(thrown);
      printError(error);
      await record({ error });
      return exitCodeOf(error);
    }
    const { stored } = result;
    say(`size: ${humanBytes(stored.bytes)} (${String(stored.bytes)} bytes)`);
    say(`sha256: ${stored.sha256}`);
    const copies = [...result.copies];
    if (options.uploadS3) {
      try {
        const copy = await copyArchive(config, result, 's3', noHooks, ctx);
        copies.push(copy);
        say(`uploaded: s3://${config.s3?.bucket ?? ''}/${copy.key}`);
      } catch (thrown) {
        const error = toAppError(thrown);
        printError(error);
        say(`the local backup was kept: ${result.storagePath}`);
        await record({ result, copies, error });
        return EXIT_UPLOAD;
      }
    }
    say(`success: ${humanBytes(stored.bytes)} in ${result.storagePath}`);
    await record({ result, copies });
    return 0;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.isHelp) process.stdout.write(HELP);
  else process.exitCode = await run(options);
} catch (thrown) {
  printError(thrown);
  process.exitCode = exitCodeOf(toAppError(thrown));
}
