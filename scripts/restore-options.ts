import { resolve } from 'node:path';
import { DatabaseName } from '#lib/contracts/restore.ts';
import { AppError } from '#lib/core/errors.ts';
import { parseTyped, readTables } from './typed-options.ts';

export const HELP = `Usage: ./scripts/restore.sh [OPTIONS] BACKUP_FILE
  --target-db DB       Restore to a specific database (default: PGDATABASE); it is created where it does not exist
  --from-s3 KEY        Download backup from S3 first
  --s3-bucket BUCKET   S3 bucket name (default: BACKUP_S3_BUCKET)
  --no-owner           Skip ownership restoration
  --data-only          Restore data without schema; refused where the tables hold rows
  --schema-only        Restore schema without data
  --tables TABLE,...   Restore specific tables only, with their indexes, keys, sequences and what is built on them
  --identity FILE      Private age key for an encrypted backup (default: BACKUP_AGE_IDENTITY_FILE)
  --dry-run            Show what would be restored without executing
  --force              Do not ask for the name of the database
  --no-safety-backup   Do not back up the target first (with --force only)
  --verbose            Show detailed progress
  --help               Show this text

Without BACKUP_FILE, on a terminal: lists the backups in BACKUP_LOCAL_PATH to choose from.

Before anything is changed the backup is checked against its manifest and read to its end. An existing database is then
backed up, and restored into in one transaction by pg_restore --clean --if-exists: when that fails or is stopped, the database
is as it was. Afterwards the rows of every table are compared with the manifest, and RESTORE_MIGRATE_COMMAND is run where it
is set (for example "npx prisma migrate deploy"; in this folder, with DATABASE_URL and PG* naming the target).

An installation marked HOLDFAST_ENVIRONMENT=staging or development never restores into a database that is named in
HOLDFAST_PRODUCTION_DATABASES; while that is empty, nor into PGDATABASE of a server on another machine.

Exit codes: 0 success, 1 restore failure, 2 download failure, 3 config error (or not confirmed), 4 verification failure.
`;

export interface RestoreOptions {
  /** As typed, made absolute; null: from S3, or to be chosen. */
  readonly file: string | null;
  readonly fromS3: string | null;
  readonly bucket: string | null;
  readonly targetDatabase: string | null;
  readonly noOwner: boolean;
  readonly content: 'all' | 'data' | 'schema';
  readonly tables: readonly string[] | null;
  readonly identity: string | null;
  readonly isDryRun: boolean;
  readonly isForced: boolean;
  readonly takesSafetyBackup: boolean;
  /** Takes the archive as it is, whatever its manifest says: the command line's --skip-checksum. */
  readonly ignoresManifest: boolean;
  readonly isVerbose: boolean;
}

const HINT = 'Run ./scripts/restore.sh --help to see the options.';
const usage = (message: string): AppError => new AppError('usage', message, { hint: HINT });

export interface RawOptions {
  readonly [name: string]: string | boolean | undefined;
}

/** Checks options against each other. Throws `usage` or `invalid`. */
export function toOptions(values: RawOptions, positionals: readonly string[]): RestoreOptions {
  const text = (name: string): string | null => {
    const value = values[name];
    if (value === '') throw usage(`--${name} needs a value`);
    return typeof value === 'string' ? value : null;
  };
  const is = (name: string): boolean => values[name] === true;
  const [file] = positionals;
  if (positionals.length > 1) throw usage('only one BACKUP_FILE can be restored at a time');
  if (file === '') throw usage('BACKUP_FILE is empty');
  if (file !== undefined && text('from-s3') !== null) throw usage('give BACKUP_FILE or --from-s3, not both');
  if (is('data-only') && is('schema-only')) throw usage('--data-only and --schema-only exclude each other');
  if (is('no-safety-backup') && !is('force'))
    throw usage('--no-safety-backup is only taken together with --force');
  const target = text('target-db');
  if (target !== null && !DatabaseName.safeParse(target).success) {
    throw new AppError('invalid', '--target-db is not a name PostgreSQL takes', {
      hint: 'Use at most 63 bytes, without control characters.',
      fields: { field: 'target-db' },
    });
  }
  const tables = text('tables');
  return {
    file: file === undefined ? null : resolve(file),
    fromS3: text('from-s3'),
    bucket: text('s3-bucket'),
    targetDatabase: target,
    noOwner: is('no-owner'),
    content: is('data-only') ? 'data' : is('schema-only') ? 'schema' : 'all',
    tables: tables === null ? null : readTables(tables),
    identity: text('identity') === null ? null : resolve(text('identity') ?? ''),
    isDryRun: is('dry-run'),
    isForced: is('force'),
    takesSafetyBackup: !is('no-safety-backup'),
    ignoresManifest: is('skip-checksum'),
    isVerbose: is('verbose'),
  };
}

/** What was typed; null when only the help is asked for. */
export function readOptions(args: readonly string[]): RestoreOptions | null {
  const { values, positionals } = parseTyped(
    {
      args: [...args],
      allowPositionals: true,
      options: {
        'target-db': { type: 'string' },
        'from-s3': { type: 'string' },
        's3-bucket': { type: 'string' },
        'no-owner': { type: 'boolean' },
        'data-only': { type: 'boolean' },
        'schema-only': { type: 'boolean' },
        tables: { type: 'string' },
        identity: { type: 'string' },
        'dry-run': { type: 'boolean' },
        force: { type: 'boolean' },
        'no-safety-backup': { type: 'boolean' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    },
    HINT,
  );
  return values.help === true ? null : toOptions(values, positionals);
}
