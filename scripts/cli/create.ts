import type { Backend } from '#db/backend.ts';
import { findSources } from '#db/queries/source.ts';
import { TriggerBackupRequest, type BackupDetail } from '#lib/contracts/backup.ts';
import { AppError, isErrorCode } from '#lib/core/errors.ts';
import { SOURCE_KINDS, type SourceKind } from '#lib/core/source-kind.ts';
import { getBackup } from '#lib/services/backups.ts';
import { triggerBackup } from '#lib/services/trigger-backup.ts';
import { check, commandActor, withBackend, type Command, type Output, type Values } from './command.ts';
import { namedSource, sourceOption } from './source-option.ts';
import { needWorker, waitFor } from './wait.ts';

/** Which kinds of sources a type stands for (2-inventorysync.md). */
const TYPES: Readonly<Record<string, readonly SourceKind[]>> = {
  application: ['files'],
  all: SOURCE_KINDS,
};

/** The enabled sources that `--type` stands for; null for the one that `--source` names. */
async function sourcesOfType(backend: Backend, values: Values): Promise<readonly string[] | null> {
  const { type } = values;
  if (type === undefined || type === 'database') return null;
  const kinds = TYPES[String(type)];
  if (kinds === undefined) {
    throw new AppError('invalid', `--type ${String(type)} is not known`, {
      hint: 'There are --type database, application (files) and all.',
      fields: { field: 'type' },
    });
  }
  if (values['source'] !== undefined || values['tables'] !== undefined || values['schema-only'] === true) {
    throw new AppError('usage', `--type ${String(type)} names the sources itself`, {
      hint: 'Leave --source, --tables and --schema-only out.',
    });
  }
  const found = (await findSources(backend.db)).filter(
    ({ kind, isEnabled }) => isEnabled && kinds.includes(kind),
  );
  if (found.length > 0) return found.map(({ id }) => id);
  throw new AppError('not_found', `there is no enabled source of type ${String(type)}`, {
    hint: 'Add one in the console under Sources.',
  });
}

function readRequest(values: Values): TriggerBackupRequest {
  const { tables } = values;
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
    type: {
      type: 'string',
      value: 'TYPE',
      help: 'what to back up: database (default), application (files) or all',
    },
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
      const ofType = await sourcesOfType(backend, values);
      if (ofType === null) {
        const sourceId = await namedSource(backend, values);
        const backup = await takeOne(
          backend,
          { ...request, ...(sourceId === null ? {} : { sourceId }) },
          isWaiting,
        );
        return outputOf([backup], backup);
      }
      const taken: Taken[] = [];
      const refused: AppError[] = [];
      for (const sourceId of ofType) {
        try {
          taken.push(await takeOne(backend, { ...request, sourceId }, isWaiting));
        } catch (thrown) {
          // One that was backed up a short while ago keeps the others from nothing.
          if (!(thrown instanceof AppError)) throw thrown;
          refused.push(thrown);
        }
      }
      return outputOf(taken, { backups: taken }, refused);
    });
  },
};

type Taken = BackupDetail | { readonly id: string; readonly status: 'IN_PROGRESS' };

async function takeOne(backend: Backend, request: TriggerBackupRequest, isWaiting: boolean): Promise<Taken> {
  const { id } = await triggerBackup(backend, commandActor('create'), request);
  if (!isWaiting) return { id, status: 'IN_PROGRESS' };
  return waitFor(
    backend,
    () => getBackup(backend, id),
    ({ status }) => status !== 'IN_PROGRESS',
  );
}

/** Every source is tried; the first that failed gives the exit code. */
function outputOf(taken: readonly Taken[], json: object, refused: readonly AppError[] = []): Output {
  const lines = taken.map((backup) =>
    'filename' in backup
      ? failureOf(backup) === undefined
        ? `${backup.filename}: ${backup.sizeHuman} in ${String(backup.duration)} s`
        : ''
      : `Backup started: ${backup.id}`,
  );
  const failed = taken.flatMap((backup) => ('filename' in backup ? (failureOf(backup) ?? []) : []));
  const [error] = [...failed, ...refused];
  return {
    line: lines.filter((line) => line !== '').join('\n'),
    json,
    ...(error === undefined ? {} : { error }),
  };
}
