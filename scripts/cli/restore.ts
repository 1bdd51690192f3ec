import { AppError } from '#lib/core/errors.ts';
import { toOptions } from '../restore-options.ts';
import { startRestore } from '../restore-start.ts';
import { typedPath, type Command } from './command.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Restore a backup into a database, as scripts/restore.sh does',
  details:
    'Without --backup-path and --from-s3, on a terminal: lists the backups to choose from. scripts/restore.sh --help tells how it\nis done; only the exit codes differ: here they are those of docs/errors.md.',
  writesReport: true,
  options: {
    'backup-path': { type: 'string', value: 'FILE', help: 'the archive' },
    'from-s3': { type: 'string', value: 'KEY', help: 'the archive in the bucket' },
    's3-bucket': { type: 'string', value: 'BUCKET', help: 'another bucket than BACKUP_S3_BUCKET' },
    'target-db': { type: 'string', value: 'DB', help: 'the database to restore into (default: PGDATABASE)' },
    'no-owner': { type: 'boolean', help: 'skip ownership' },
    'data-only': { type: 'boolean', help: 'rows without schema' },
    'schema-only': { type: 'boolean', help: 'schema without rows' },
    tables: { type: 'string', value: 'TABLE,...', help: 'these tables only' },
    identity: { type: 'string', value: 'FILE', help: 'private age key of an encrypted backup' },
    'dry-run': { type: 'boolean', help: 'show what would be restored and change nothing' },
    force: { type: 'boolean', help: 'do not ask for the name of the database' },
    'no-safety-backup': { type: 'boolean', help: 'do not back up the target first (with --force only)' },
    'skip-checksum': {
      type: 'boolean',
      help: 'take the archive as it is, whatever its manifest says (last resort)',
    },
    verbose: { type: 'boolean', help: 'show detailed progress' },
  },
  run: async (values) => {
    const asJson = values['json'] === true;
    const path = values['backup-path'];
    if (path === undefined && values['from-s3'] === undefined && (asJson || !process.stdin.isTTY)) {
      throw new AppError('usage', 'no backup was named', {
        hint: 'Use --backup-path FILE or --from-s3 KEY, or run it on a terminal to choose from a list.',
      });
    }
    const identity = values['identity'];
    const options = toOptions(
      { ...values, ...(typeof identity === 'string' ? { identity: typedPath(identity) } : {}) },
      typeof path === 'string' ? [typedPath(path)] : [],
    );
    // With --json stdout holds the report alone.
    const say = (line: string): void => void (asJson ? process.stderr : process.stdout).write(`${line}\n`);
    const report = await startRestore(options, { command: 'restore', cwd: typedPath('.'), say, list: say });
    return { line: '', json: report };
  },
};
