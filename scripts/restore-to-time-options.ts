import { resolve } from 'node:path';
import { AppError } from '#lib/core/errors.ts';
import { readMicros } from '#lib/core/micros.ts';
import { readLsn } from '#lib/core/wal-names.ts';
import type { RecoveryTarget } from '#lib/sources/recovery-server.ts';
import { parseTyped } from './typed-options.ts';

export const HELP = `Usage: ./scripts/restore-to-time.sh TARGET --into DIR [OPTIONS]
TARGET is one of
  --time INSTANT       With its offset from UTC: '2026-11-29 14:30:00+00'
  --lsn POSITION       A position in the log: 0/3000148
  --xid ID --from FILE A transaction
  --name NAME --from FILE  A restore point made by pg_create_restore_point
  --latest             As far as the log goes
  --exclusive          Stop just before INSTANT, POSITION or ID, and not after it

  --into DIR           The new data folder: empty, or not there while its parent is
  --from FILE          Base archive (default: the newest in BACKUP_LOCAL_PATH that ended before the target)
  --s3                 Take the base archive from S3; FILE is then its key
  --s3-bucket BUCKET   S3 bucket name (default: BACKUP_S3_BUCKET)
  --wal PATH           The folder of archive-wal.sh (default: BACKUP_WAL_PATH)
  --timeline N         Follow this timeline (default: the newest that goes on from the base archive)
  --identity FILE      Private age key for an encrypted archive (default: BACKUP_AGE_IDENTITY_FILE)
  --keep-running       Leave the recovered server running, on 127.0.0.1
  --port N             Its port (default: a free one)
  --dry-run            Check everything that can be checked before, and change nothing
  --list               Show the base archives, and what can be reached from them
  --help               Show this text

Brings a whole server back as it was at an instant, from a base archive (base-backup.sh) and the write-ahead log that archive-wal.sh
keeps, beside whatever runs: no server is touched. Before anything is unpacked it makes sure that the log leads to the target, and
names the segment that is missing. Then the archive is held against its SHA-256 and pg_verifybackup, the log is replayed, and every
table of every database is read to its end. It needs the server programs of the same major version; root runs them as "postgres".

The recovered server runs with settings of its own (holdfast.conf in DIR): it archives nothing and starts no replication. What failed
is removed from DIR again.

Exit codes: 0 success, 1 restore failure, 2 download failure, 3 config error (a target out of reach too), 4 verification failure.
`;

export interface RecoveryOptions {
  /** Null for --list. */
  readonly target: RecoveryTarget | null;
  readonly into: string;
  /** A path made absolute, or a key in S3. */
  readonly from: string | null;
  readonly isInS3: boolean;
  readonly bucket: string | null;
  readonly wal: string | null;
  readonly timeline: number | null;
  readonly identity: string | null;
  readonly port: number | null;
  readonly keepsRunning: boolean;
  readonly isDryRun: boolean;
}

const HINT = 'Run ./scripts/restore-to-time.sh --help to see the options.';
const usage = (message: string): AppError => new AppError('usage', message, { hint: HINT });

const invalid = (message: string, hint: string): AppError => new AppError('invalid', message, { hint });

const readArguments = (args: readonly string[]) =>
  parseTyped(
    {
      args: [...args],
      options: {
        time: { type: 'string' },
        lsn: { type: 'string' },
        xid: { type: 'string' },
        name: { type: 'string' },
        latest: { type: 'boolean', default: false },
        exclusive: { type: 'boolean', default: false },
        into: { type: 'string' },
        from: { type: 'string' },
        s3: { type: 'boolean', default: false },
        's3-bucket': { type: 'string' },
        wal: { type: 'string' },
        timeline: { type: 'string' },
        identity: { type: 'string' },
        port: { type: 'string' },
        'keep-running': { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    },
    HINT,
  ).values;
type Values = ReturnType<typeof readArguments>;

function readTarget({ time, lsn, xid, name, latest, exclusive: isExclusive }: Values): RecoveryTarget {
  const given = [time, lsn, xid, name, latest ? '' : undefined].filter((value) => value !== undefined);
  if (given.length !== 1) throw usage('give one of --time, --lsn, --xid, --name and --latest');
  if (isExclusive && (latest || name !== undefined))
    throw usage('--exclusive goes with --time, --lsn and --xid');
  if (time !== undefined) {
    const micros = readMicros(time);
    if (micros !== null) return { kind: 'time', micros, isExclusive };
    throw invalid(
      `"${time}" is no instant with its offset from UTC`,
      "Write it as '2026-11-29 14:30:00+00' or 2026-11-29T15:30:00+01:00.",
    );
  }
  if (lsn !== undefined) {
    if (readLsn(lsn) !== null) return { kind: 'lsn', lsn: lsn.toUpperCase(), isExclusive };
    throw invalid(
      `"${lsn}" is no position in a log`,
      'Write it as pg_current_wal_lsn() tells it: 0/3000148.',
    );
  }
  if (xid !== undefined) {
    if (/^[1-9]\d{0,9}$/.test(xid)) return { kind: 'xid', xid, isExclusive };
    throw invalid(
      `"${xid}" is no transaction`,
      'Write its number, as txid_current() or the log of the server tells it.',
    );
  }
  if (name !== undefined) {
    if (name !== '' && !/[\u0000-\u001f]/.test(name)) return { kind: 'name', name };
    throw invalid(
      '--name is no name of a restore point',
      'Write it as it was given to pg_create_restore_point.',
    );
  }
  return { kind: 'latest' };
}

function readNumber(option: string, value: string | undefined, max: number): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= max) return number;
  throw invalid(`--${option} must be a number from 1 to ${String(max)}`, `Correct --${option}.`);
}

/** What was typed; null when only the help is asked for. */
export function readRecoveryOptions(args: readonly string[]): RecoveryOptions | null {
  const values = readArguments(args);
  if (values.help) return null;
  const target = values.list ? null : readTarget(values);
  if (target !== null && values.into === undefined) throw usage('--into DIR is needed');
  if ((target?.kind === 'xid' || target?.kind === 'name') && values.from === undefined) {
    // Nothing tells when it was, so no base archive is known to be older.
    throw usage(`--${target.kind} needs --from`);
  }
  return {
    target,
    into: resolve(values.into ?? '.'),
    from: values.from === undefined || values.s3 ? (values.from ?? null) : resolve(values.from),
    isInS3: values.s3,
    bucket: values['s3-bucket'] ?? null,
    wal: values.wal === undefined ? null : resolve(values.wal),
    timeline: readNumber('timeline', values.timeline, 0xffff_ffff),
    identity: values.identity === undefined ? null : resolve(values.identity),
    port: readNumber('port', values.port, 65_535),
    keepsRunning: values['keep-running'],
    isDryRun: values['dry-run'],
  };
}
