import { randomUUID } from 'node:crypto';
import { realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Destination } from '#lib/contracts/backup.ts';
import {
  DEFAULT_VERIFICATION_POLICY,
  Depth,
  type Check,
  type VerifyEvent,
  type VerifyOrder,
  type VerifyOutcome,
} from '#lib/contracts/verification.ts';
import { systemClock } from '#lib/core/clock.ts';
import { AppError } from '#lib/core/errors.ts';
import { parseConfig, type Config } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { openStorage } from '#lib/storage/registry.ts';
import { verifyArchive } from '#lib/verify/verify-archive.ts';
import { loadEnvironment, ROOT } from './load-env.ts';
import { printError } from './print-error.ts';
import { stopAtSignal } from './stop-at-signal.ts';
import { needBucket, parseTyped } from './typed-options.ts';
import { createReportPrinter } from './verify-report.ts';

const HELP = `Usage: ./scripts/backup-verify.sh [OPTIONS] [FILE]
Proves that a backup can be restored: reads it back, restores it into a temporary database, compares that with the facts in
its manifest, and drops it. FILE is an archive with its manifest beside it; default: the newest archive in BACKUP_LOCAL_PATH.
  --from-s3 KEY           Verify the archive under this key in S3 instead of a file
  --s3-bucket BUCKET      S3 bucket name (default: BACKUP_S3_BUCKET)
  --depth DEPTH           bytes (read and hash), archive (decode to the end) or restore (default)
  --sample-foreign-keys   Check 100 random rows of each foreign key instead of all
  --json                  Print one JSON report instead of lines
  --output FILE           Write the JSON report to this file too
  --verbose               Show detailed progress
  --help                  Show this text

Needs neither catalogue nor console. An encrypted archive is opened with BACKUP_AGE_IDENTITY_FILE; the temporary database is
made in a PostgreSQL of its own under BACKUP_VERIFY_DIR, or on the server of BACKUP_VERIFY_DATABASE_URL.

Exit codes: 0 verified (with a lesser --depth: passed), 1 verification failed, or could not be done.
`;
const EXIT_FAILED = 1;
const ARCHIVE = /\.dump(\.zst)?(\.gz)?(\.age)?$/;

interface Options {
  readonly file: string | undefined;
  readonly fromS3: string | undefined;
  readonly bucket: string | undefined;
  readonly depth: Depth;
  readonly samplesForeignKeys: boolean;
  readonly asJson: boolean;
  readonly output: string | undefined;
  readonly isVerbose: boolean;
  readonly isHelp: boolean;
}

const HINT = 'Run ./scripts/backup-verify.sh --help to see the options.';
const usage = (message: string): AppError => new AppError('usage', message, { hint: HINT });

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseTyped(
    {
      args: [...args],
      allowPositionals: true,
      options: {
        'from-s3': { type: 'string' },
        's3-bucket': { type: 'string' },
        depth: { type: 'string', default: 'restore' },
        'sample-foreign-keys': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        output: { type: 'string' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    },
    HINT,
  );
  const depth = Depth.safeParse(values.depth);
  if (!depth.success) throw usage('--depth must be bytes, archive or restore');
  if (positionals.length > 1) throw usage('only one FILE can be verified at a time');
  if (positionals.length > 0 && values['from-s3'] !== undefined)
    throw usage('give FILE or --from-s3, not both');
  return {
    file: positionals[0],
    fromS3: values['from-s3'],
    bucket: values['s3-bucket'],
    depth: depth.data,
    samplesForeignKeys: values['sample-foreign-keys'],
    asJson: values.json,
    output: values.output === undefined ? undefined : resolve(values.output),
    isVerbose: values.verbose,
    isHelp: values.help,
  };
}

/** What is verified, and the configuration that finds it. */
interface Target {
  readonly config: Config;
  readonly destination: Destination;
  readonly key: string;
  /** What people are told. */
  readonly label: string;
}

async function findTarget(options: Options): Promise<Target> {
  // A path typed at the prompt is relative to where it was typed, one in .env to the installation.
  const file = options.file === undefined ? undefined : realPath(resolve(options.file));
  loadEnvironment();
  process.chdir(ROOT);
  const config = parseConfig({
    ...process.env,
    ...(options.bucket === undefined ? {} : { BACKUP_S3_BUCKET: options.bucket }),
  });
  if (options.fromS3 !== undefined) {
    const { bucket } = needBucket(config, '--from-s3');
    const key = options.fromS3;
    return { config, destination: 's3', key, label: `s3://${bucket}/${key}` };
  }
  if (file !== undefined) {
    return {
      config: { ...config, localPath: dirname(file) },
      destination: 'local',
      key: basename(file),
      label: file,
    };
  }
  const key = await newestArchive(config);
  return {
    config,
    destination: 'local',
    key,
    label: `${resolve(config.localPath, key)} (the newest archive)`,
  };
}

/** The file behind a link: storage follows none. A file that is not there stays as it was typed, and is found missing. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

async function newestArchive(config: Config): Promise<string> {
  const storage = openStorage(config, 'local');
  let newest: { readonly key: string; readonly at: number } | undefined;
  const ctx = { runId: randomUUID(), signal: new AbortController().signal, log: createLogger('warn') };
  try {
    for await (const { key, modifiedAt } of storage.list(ctx, '')) {
      if (!ARCHIVE.test(key)) continue;
      if (newest === undefined || modifiedAt.getTime() > newest.at)
        newest = { key, at: modifiedAt.getTime() };
    }
  } finally {
    await storage.close();
  }
  if (newest !== undefined) return newest.key;
  throw new AppError('not_found', `there is no archive in ${config.localPath}`, {
    hint: 'Name the file to verify, or use --from-s3 KEY.',
  });
}

async function run(options: Options): Promise<number> {
  const { config, destination, key, label } = await findTarget(options);
  using stopping = stopAtSignal('the verification was cancelled');
  const startedAt = systemClock.now();
  const order: VerifyOrder = {
    id: randomUUID(),
    destination,
    key,
    depth: options.depth,
    policy: {
      ...DEFAULT_VERIFICATION_POLICY,
      foreignKeys: options.samplesForeignKeys ? 'sample' : DEFAULT_VERIFICATION_POLICY.foreignKeys,
    },
    // The catalogue may be down, and this script proves what can be proven without it.
    recorded: null,
  };
  const printer = createReportPrinter({ isSilent: options.asJson, isVerbose: options.isVerbose });
  const checks: Check[] = [];
  const onEvent = (event: VerifyEvent): void => {
    if (event.type === 'check') checks.push(event.check);
    printer.event(event);
  };
  printer.start(label, options.depth);
  const outcome: VerifyOutcome = await verifyArchive(config, order, onEvent, {
    runId: order.id,
    signal: stopping.signal,
    clock: systemClock,
    log: createLogger(options.isVerbose ? 'warn' : 'error'),
  });
  const durationMs = systemClock.now().getTime() - startedAt.getTime();
  printer.end(outcome, checks, durationMs);
  const report = {
    archive: label,
    depth: options.depth,
    startedAt: startedAt.toISOString(),
    durationMs,
    ...outcome,
    checks,
  };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (options.asJson) process.stdout.write(text);
  if (options.output !== undefined) writeReport(options.output, text);
  const isFine = options.depth === 'restore' ? outcome.proven : outcome.status === 'PASSED';
  return isFine ? 0 : EXIT_FAILED;
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new AppError('usage', `the report could not be written to ${path}`, {
      hint: 'Name a file in a folder that exists and that this user may write to.',
      cause,
    });
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.isHelp) process.stdout.write(HELP);
  else process.exitCode = await run(options);
} catch (thrown) {
  printError(thrown, { asJson: process.argv.includes('--json') });
  process.exitCode = EXIT_FAILED;
}
