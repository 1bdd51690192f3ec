import { TriggerBackupRequest, type BackupDetail } from '#lib/contracts/backup.ts';
import { AppError, isErrorCode } from '#lib/core/errors.ts';
import { getBackup } from '#lib/services/backups.ts';
import { triggerBackup } from '#lib/services/trigger-backup.ts';
import { check, commandActor, withBackend, type Command, type Values } from './command.ts';
import { namedSource, sourceOption } from './source-option.ts';
import { needWorker, waitFor } from './wait.ts';

function readRequest(values: Values): TriggerBackupRequest {
  const { type, tables } = values;
  if (type !== undefined && type !== 'database') {
    throw new AppError('invalid', `--type ${String(type)} is not known`, {
      hint: 'This installation backs up a database: --type database.',
      fields: { field: 'type' },
    });
  }
  return check(TriggerBackupRequest, {
    ...(values['upload-s3'] === true ? { uploadToS3: true } : {}),
    ...(typeof values['description'] === 'string' ? { description: values['description'] } : {}),
    ...(typeof tables === 'string' ? { tables: tables.split(',').map((name) => name.trim()) } : {}),
    ...(values['schema-only'] === true ? { schemaOnly: true } : {}),
  });
}

/** What a backup that ended otherwise says of itself. */
function failureOf({ status, error }: BackupDetail): AppError | undefined {
  if (status === 'COMPLETED') return undefined;
  const code = error !== null && isErrorCode(error.code) ? error.code : 'bug';
  return new AppError(code, error?.message ?? `the backup is ${status}`, { hint: error?.hint ?? undefined });
}

export const create: Command = {
  name: 'create',
  summary: 'Take a backup and wait until it is done',
  details:
    'A worker takes it; without worker or catalogue use scripts/backup.sh. One manual backup of a\nsource every BACKUP_MANUAL_INTERVAL_MINUTES is allowed.',
  writesReport: true,
  options: {
    type: { type: 'string', value: 'TYPE', help: 'what to back up: database (default)' },
    source: { ...sourceOption, help: 'of this source (default: the one that PGHOST … PGDATABASE name)' },
    'upload-s3': { type: 'boolean', help: 'store a copy in S3 too' },
    tables: { type: 'string', value: 'TABLE,...', help: 'these tables only' },
    'schema-only': { type: 'boolean', help: 'without rows' },
    description: { type: 'string', value: 'TEXT', help: 'a note for the history' },
    'no-wait': { type: 'boolean', help: 'return as soon as it is asked for' },
  },
  run: async (values) => {
    const request = readRequest(values);
    return withBackend(async (backend) => {
      const isWaiting = values['no-wait'] !== true;
      if (isWaiting) await needWorker(backend, 'Start one with "npm run worker", or use scripts/backup.sh.');
      const sourceId = await namedSource(backend, values);
      const { id, message } = await triggerBackup(backend, commandActor('create'), {
        ...request,
        ...(sourceId === null ? {} : { sourceId }),
      });
      if (!isWaiting) return { line: `${message}: ${id}`, json: { id, status: 'IN_PROGRESS' } };
      const backup = await waitFor(
        backend,
        () => getBackup(backend, id),
        ({ status }) => status !== 'IN_PROGRESS',
      );
      const error = failureOf(backup);
      return {
        line:
          error === undefined
            ? `${backup.filename}: ${backup.sizeHuman} in ${String(backup.duration)} s`
            : '',
        json: backup,
        ...(error === undefined ? {} : { error }),
      };
    });
  },
};
