import type { BackupDetail } from '../contracts/backup.ts';
import type { Installation } from '../contracts/settings.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { filesSteps, redisSteps, sqliteSteps, type ToldBackup } from './path-restore-steps.ts';
import type { RestoreStep } from './restore-step.ts';
import { lines, shellQuote, sqlIdentifier } from './shell-quote.ts';

/** What the steps need to know of the archive they restore. */
export type RestorableBackup = Pick<
  BackupDetail,
  'filename' | 'checksum' | 'copies' | 'tableCount' | 'options' | 'source'
>;

function fetchStep(installation: Installation, backup: RestorableBackup): RestoreStep {
  const stored = backup.copies.filter(({ status }) => status === 'STORED');
  const local = stored.find(({ destination }) => destination === 'local');
  if (local !== undefined) {
    const path = local.key.startsWith('/') ? local.key : `${installation.localPath}/${local.key}`;
    return {
      title: 'Take a copy of the archive',
      text: 'On the machine that runs the worker, as the user it runs as. From elsewhere, use the download button above. Work on a copy, so that the backup itself stays as it is.',
      command: `cp ${shellQuote(path)} .`,
    };
  }
  const remote = stored.find(({ destination }) => destination === 's3');
  if (remote !== undefined && installation.s3 !== null) {
    const { bucket, region, endpoint } = installation.s3;
    return {
      title: 'Fetch the archive from S3',
      text: 'With the AWS command line tool and a key that may read the bucket. Without it, use the download button above.',
      command: lines(
        `aws s3 cp ${shellQuote(`s3://${bucket}/${remote.key}`)} .`,
        `--region ${shellQuote(region)}`,
        ...(endpoint === null ? [] : [`--endpoint-url ${shellQuote(endpoint)}`]),
      ),
    };
  }
  return {
    title: 'Download the archive',
    text: 'Use the download button above and continue in the folder it was saved to.',
    command: null,
  };
}

/** The steps that undo each stage, read from the name's extensions, outermost first; and the dump's own name. */
function openSteps(filename: string): { readonly steps: readonly RestoreStep[]; readonly dump: string } {
  const steps: RestoreStep[] = [];
  let name = filename;
  const strip = (extension: string): string => name.slice(0, -extension.length);
  if (name.endsWith('.age')) {
    const next = strip('.age');
    steps.push({
      title: 'Decrypt it',
      text: 'With the private key that belongs to the age recipient. It is not on this server; put the path of your key file in place of key.txt.',
      command: `age --decrypt --identity key.txt --output ${shellQuote(next)} ${shellQuote(name)}`,
    });
    name = next;
  }
  if (name.endsWith('.zst')) {
    steps.push({
      title: 'Decompress it',
      text: 'A damaged archive fails here with an error.',
      command: `zstd --decompress --keep ${shellQuote(name)}`,
    });
    name = strip('.zst');
  } else if (name.endsWith('.gz')) {
    steps.push({
      title: 'Decompress it',
      text: 'A damaged archive fails here with an error.',
      command: `gunzip --keep ${shellQuote(name)}`,
    });
    name = strip('.gz');
  }
  return { steps, dump: name };
}

const openingPrograms: Record<SourceKind, readonly string[]> = {
  postgres: ['the PostgreSQL client programs'],
  files: ['tar'],
  sqlite: ['sqlite3'],
  redis: ['the Redis client programs'],
};

/** `tar, zstd and age`: what must be installed for the steps. */
export function restorePrograms({ filename, source }: Pick<RestorableBackup, 'filename' | 'source'>): string {
  const programs = [
    ...openingPrograms[source.kind],
    ...(/\.zst(?:\.|$)/.test(filename) ? ['zstd'] : []),
    ...(/\.gz(?:\.|$)/.test(filename) ? ['gzip'] : []),
    ...(filename.endsWith('.age') ? ['age'] : []),
  ];
  const last = programs.pop() ?? '';
  return programs.length === 0 ? last : `${programs.join(', ')} and ${last}`;
}

/** Into a new database, compared, and swapped in by rename. `dump` is what pg_restore reads. */
function databaseSteps(
  { host, port, user, database }: Installation['source'],
  backup: RestorableBackup,
  dump: string,
): readonly RestoreStep[] {
  const connect = `--host ${shellQuote(host)} --port ${String(port)} --username ${shellQuote(user)}`;
  const restored = `${database}_restored`;
  const previous = `${database}_before_restore`;
  const isPartial = backup.options.tables !== null || backup.options.schemaOnly;
  // The tables pg_dump sees: those of an extension come with the extension.
  const counting =
    "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname not like 'pg@_%' escape '@' and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')";
  const expected =
    backup.tableCount === null
      ? 'Compare the number with the tables you expect.'
      : `It should print ${String(backup.tableCount)}, the number of tables this backup holds. Anything less means the restore is not complete.`;

  const swap: RestoreStep = {
    title: 'Stop the application, then swap the databases by name',
    text: `Nothing may be connected while the names change, and the user must own both. ${database} lives on as ${previous} until you drop it yourself.`,
    command: lines(
      `psql ${connect} --dbname postgres --set ON_ERROR_STOP=1`,
      `--command ${shellQuote(`alter database ${sqlIdentifier(database)} rename to ${sqlIdentifier(previous)}`)}`,
      `--command ${shellQuote(`alter database ${sqlIdentifier(restored)} rename to ${sqlIdentifier(database)}`)}`,
    ),
  };
  const takeParts: RestoreStep = {
    title: 'Copy over what you need',
    text: `This backup holds only a part of ${database}, so do not put it in its place. Take the tables or rows you need from ${restored}.`,
    command: null,
  };

  return [
    {
      title: 'Create a new, empty database',
      text: 'Beside the damaged one, which stays untouched until you are sure. The user must be allowed to create databases.',
      command: `createdb ${connect} --template template0 ${shellQuote(restored)}`,
    },
    {
      title: 'Restore into it',
      text: 'It stops at the first error. On a server that lacks the original roles, add --no-owner --no-privileges.',
      command: lines(
        `pg_restore ${connect}`,
        `--dbname ${shellQuote(restored)} --exit-on-error --jobs 2`,
        shellQuote(dump),
      ),
    },
    {
      title: 'Compare',
      text: `${expected} Then look at the newest rows of your most important tables.`,
      command: lines(
        `psql ${connect}`,
        `--dbname ${shellQuote(restored)} --tuples-only --no-align`,
        `--command ${shellQuote(counting)}`,
      ),
    },
    isPartial ? takeParts : swap,
  ];
}

function kindSteps(
  installation: Installation,
  backup: RestorableBackup,
  told: ToldBackup,
  dump: string,
): readonly RestoreStep[] {
  const { kind, database, address } = backup.source;
  switch (kind) {
    case 'postgres':
      return databaseSteps(address ?? installation.source, backup, dump);
    case 'files':
      return filesSteps(database, dump, told);
    case 'sqlite':
      return sqliteSteps(database, dump);
    case 'redis':
      return redisSteps(database, dump, told);
  }
}

/**
 * How to restore `backup` with stock tools alone: to a new place first, compared, and only then put to use by rename, so that
 * nothing is destroyed before the copy is known to be good. No command holds a secret: the tools ask for the password or read
 * ~/.pgpass.
 */
export function restoreSteps(
  installation: Installation,
  backup: RestorableBackup,
  told: ToldBackup,
): readonly RestoreStep[] {
  const { steps: opening, dump } = openSteps(backup.filename);
  return [
    fetchStep(installation, backup),
    {
      title: 'Check that it is whole',
      text: 'It must print OK. The checksum comes from this console’s catalogue; the same one stands in the manifest beside the archive.',
      command: `echo ${shellQuote(`${backup.checksum}  ${backup.filename}`)} | sha256sum --check -`,
    },
    ...opening,
    ...kindSteps(installation, backup, told, dump),
  ];
}
