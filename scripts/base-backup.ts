import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { humanBytes } from '#lib/core/bytes.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError, toAppError } from '#lib/core/errors.ts';
import { takeBaseBackup } from '#lib/engine/base-backup.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { loadEnvironment, ROOT } from './load-env.ts';
import { printError } from './print-error.ts';
import { printProgress } from './print-progress.ts';
import { say } from './say.ts';
import { stopAtSignal } from './stop-at-signal.ts';
import { needBucket, parseTyped } from './typed-options.ts';

const HELP = `Usage: ./scripts/base-backup.sh [OPTIONS]
  --output-dir DIR     Local directory for the archive (default: ./backups, or BACKUP_LOCAL_PATH)
  --to-s3              Stream it to S3 instead, without a local copy
  --s3-bucket BUCKET   S3 bucket name (default: BACKUP_S3_BUCKET)
  --verbose            Show detailed progress
  --help               Show this text

Copies the whole server of PGHOST, PGPORT, PGUSER, PGPASSWORD (from the environment, .env, or the quickstart) with pg_basebackup: the
user needs the attribute REPLICATION, and pg_hba.conf a line for the database "replication". With the write-ahead log that
archive-wal.sh keeps from then on, restore-to-time.sh brings the server back as it was at any later instant.

The file is a .tar.zst, BACKUP_AGE_RECIPIENTS adds .age; <file>.base.json lies beside it, written last. Neither base archives nor
the log are removed by Holdfast: ./scripts/restore-to-time.sh --list shows which segments each base archive needs.

Exit codes: 0 success, 1 pg_basebackup failure, 2 upload failure, 3 config error.
`;

const EXIT_COPY = 1;
const EXIT_UPLOAD = 2;
const EXIT_CONFIG = 3;

const configCodes = new Set(['config', 'usage', 'invalid', 'tool_missing', 'tool_version']);
const uploadCodes = new Set([
  'storage_unreachable',
  'storage_auth',
  'storage_full',
  'object_exists',
  'short_read',
]);

interface Options {
  readonly outputDir: string | undefined;
  readonly toS3: boolean;
  readonly bucket: string | undefined;
  readonly isVerbose: boolean;
  readonly isHelp: boolean;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseTyped(
    {
      args: [...args],
      options: {
        'output-dir': { type: 'string' },
        'to-s3': { type: 'boolean', default: false },
        's3-bucket': { type: 'string' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    },
    'Run ./scripts/base-backup.sh --help to see the options.',
  );
  return {
    // A path typed at the prompt is relative to where it was typed, one in .env to the installation.
    outputDir: values['output-dir'] === undefined ? undefined : resolve(values['output-dir']),
    toS3: values['to-s3'],
    bucket: values['s3-bucket'],
    isVerbose: values.verbose,
    isHelp: values.help,
  };
}

function readConfig({ outputDir, toS3, bucket }: Options): Config {
  loadEnvironment();
  process.chdir(ROOT);
  const config = parseConfig({
    ...process.env,
    ...(bucket === undefined ? {} : { BACKUP_S3_BUCKET: bucket }),
  });
  if (toS3 && outputDir !== undefined) {
    throw new AppError('usage', '--to-s3 and --output-dir exclude each other', {
      hint: 'Leave one of them out.',
    });
  }
  if (toS3) needBucket(config, '--to-s3');
  return { ...config, localPath: outputDir ?? config.localPath };
}

async function run(options: Options): Promise<void> {
  const config = readConfig(options);
  using stopping = stopAtSignal('the base backup was cancelled');
  const workDir = mkdtempSync(join(tmpdir(), 'holdfast-base-'));
  const startedAt = systemClock.now().getTime();
  try {
    say(`copying the server at ${config.source.host}:${String(config.source.port)}`);
    const { manifest, storagePath } = await takeBaseBackup(
      config,
      {
        id: randomUUID(),
        takenAt: systemClock.now(),
        destination: options.toS3 ? 's3' : 'local',
      },
      ({ archivingFlaw }) => {
        if (archivingFlaw === null) return;
        say(`WARNING: ${archivingFlaw}; to no instant after the end of this base backup can it be recovered`);
      },
      {
        runId: randomUUID(),
        signal: stopping.signal,
        clock: systemClock,
        log: createLogger(options.isVerbose ? config.logLevel : 'warn'),
        workDir,
        progress: options.isVerbose ? printProgress() : () => undefined,
      },
    );
    const { stored, plain, wal, endedAt } = manifest;
    say(
      `size: ${humanBytes(stored.bytes)} (${String(stored.bytes)} bytes), unpacked ${humanBytes(plain.bytes)}`,
    );
    say(`sha256: ${stored.sha256}`);
    say(`log: from ${wal.start} to ${wal.end} on timeline ${String(wal.timeline)}`);
    say(`can be recovered to any instant from ${endedAt} on, as far as the log is kept`);
    const took = ((systemClock.now().getTime() - startedAt) / 1000).toFixed(1);
    const place = options.toS3 ? `s3://${config.s3?.bucket ?? ''}/${storagePath}` : storagePath;
    say(`success: ${place} in ${took} s`);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function exitCodeOf({ code }: AppError, toS3: boolean): number {
  if (configCodes.has(code)) return EXIT_CONFIG;
  return toS3 && uploadCodes.has(code) ? EXIT_UPLOAD : EXIT_COPY;
}

let toS3 = false;
try {
  const options = readOptions(process.argv.slice(2));
  toS3 = options.toS3;
  if (options.isHelp) process.stdout.write(HELP);
  else await run(options);
} catch (thrown) {
  printError(thrown);
  process.exitCode = exitCodeOf(toAppError(thrown), toS3);
}
