import { lines, shellQuote, sqlIdentifier } from '../client/shell-quote.ts';
import type { RunbookNames } from './runbook-names.ts';

/** 63 bytes are all that PostgreSQL keeps of a name; the end of ours must not be what is cut. */
function beside(database: string, ending: string): string {
  const encoder = new TextEncoder();
  let base = '';
  for (const character of database) {
    if (encoder.encode(base + character + ending).length > 63) break;
    base += character;
  }
  return base + ending;
}
export const restoredName = (names: RunbookNames): string => beside(names.database, '_restored');
export const keptName = (names: RunbookNames): string => beside(names.database, '_before_restore');

export const connect = ({ host, port, user }: RunbookNames): string =>
  `--host ${shellQuote(host)} --port ${String(port)} --username ${shellQuote(user)}`;

const region = ({ s3 }: RunbookNames): readonly string[] =>
  s3 === null
    ? []
    : [
        `--region ${shellQuote(s3.region)}`,
        ...(s3.endpoint === null ? [] : [`--endpoint-url ${shellQuote(s3.endpoint)}`]),
      ];

/** Where the archive and the kit lie for the commands that follow; a remote copy lies in the working folder once fetched. */
function placeOf(names: RunbookNames, isOffsite: boolean) {
  const { backup, localPath, s3 } = names;
  const filename = backup?.filename ?? 'BACKUP_FILE';
  const key = backup?.s3Key ?? null;
  const isRemote = s3 !== null && key !== null && (isOffsite || backup?.localKey === null);
  const fetch = isRemote
    ? [key, `${key}.manifest.json`, 'backups/restore.sh'].map((each) =>
        lines(`aws s3 cp ${shellQuote(`s3://${s3.bucket}/${each}`)} .`, ...region(names)),
      )
    : [];
  const folder = isRemote ? '.' : localPath;
  return {
    archive: `${folder}/${isRemote ? filename : (backup?.localKey ?? filename)}`,
    kit: `${folder}/restore.sh`,
    fetch,
  };
}

const identity = ({ backup }: RunbookNames): string =>
  backup?.isEncrypted === true ? '--identity key.txt ' : '';

export const listBackups = (names: RunbookNames): readonly string[] => [
  `ls -lt ${shellQuote(names.localPath)}`,
  ...(names.s3 === null
    ? []
    : [lines(`aws s3 ls ${shellQuote(`s3://${names.s3.bucket}/backups/`)} --recursive`, ...region(names))]),
];

/** Commands that bring the archive here and show that it is whole. */
export function fetchAndCheck(names: RunbookNames, isOffsite = false): readonly string[] {
  const { archive, kit, fetch } = placeOf(names, isOffsite);
  return [...fetch, lines(`sh ${shellQuote(kit)} --verify-only`, `${identity(names)}${shellQuote(archive)}`)];
}

/** BR-002's script of this Holdfast, into the live database or, of these tables only. */
export const restoreByScript = (names: RunbookNames, tables: string | null = null): string =>
  lines(
    `scripts/restore.sh --target-db ${shellQuote(names.database)}`,
    ...(tables === null ? [] : [`--tables ${tables}`]),
    `${identity(names)}${shellQuote(placeOf(names, false).archive)}`,
  );

/** A copy of the whole server as it was at an instant, beside whatever runs. */
export const restoreToTime = (names: RunbookNames, instant: string, folder: string): string =>
  lines(`scripts/restore-to-time.sh --time '${instant}'`, `${identity(names)}--into ${folder}`);

export const verifyByScript = (names: RunbookNames): string =>
  `scripts/backup-verify.sh ${shellQuote(placeOf(names, false).archive)}`;

/** The kit beside the archives, into a new database: no step of it touches what is there. */
export function restoreBeside(names: RunbookNames, isOffsite = false, isNewServer = false): string {
  const { archive, kit } = placeOf(names, isOffsite);
  return lines(
    `PGHOST=${shellQuote(names.host)} PGPORT=${String(names.port)} PGUSER=${shellQuote(names.user)}`,
    `sh ${shellQuote(kit)} --target-db ${shellQuote(isNewServer ? names.database : restoredName(names))}`,
    `${identity(names)}${shellQuote(archive)}`,
  );
}

/** Both renames or none; the old database stays until somebody drops it. */
export const exchange = (names: RunbookNames): string =>
  lines(
    `psql ${connect(names)} --dbname postgres --set ON_ERROR_STOP=1 --single-transaction`,
    `--command ${shellQuote(`alter database ${sqlIdentifier(names.database)} rename to ${sqlIdentifier(keptName(names))}`)}`,
    `--command ${shellQuote(`alter database ${sqlIdentifier(restoredName(names))} rename to ${sqlIdentifier(names.database)}`)}`,
  );

/** A query over the live database, to be looked at. */
export const query = (names: RunbookNames, sql: string, database = names.database): string =>
  lines(`psql ${connect(names)} --dbname ${shellQuote(dbname(database))}`, `--command ${shellQuote(sql)}`);

/** Reads every row, as a dump does, and keeps nothing. */
export const readEverything = (names: RunbookNames): string =>
  lines(
    `pg_dump ${connect(names)} --dbname ${shellQuote(dbname(names.database))}`,
    // As a file of its own pg_dump would try to make it durable, which a device refuses.
    '--format custom > /dev/null',
  );

export const dumpByHand = (names: RunbookNames, file: string): string =>
  lines(
    `pg_dump ${connect(names)} --dbname ${shellQuote(dbname(names.database))}`,
    `--format custom --file ${shellQuote(file)}`,
  );

export const SIZES =
  "select schemaname, tablename, pg_size_pretty(pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass)) from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2";

/** libpq takes a name with "=" in it for a list of settings. */
const dbname = (database: string): string =>
  /[=:]/.test(database) ? `dbname='${database.replaceAll(/[\\']/g, String.raw`\$&`)}'` : database;

/** What somebody may have left in a database to come back by. */
export const suspects = (names: RunbookNames): string =>
  query(
    names,
    "select 'superuser' as what, rolname as name from pg_roles where rolsuper union all select 'event trigger', evtname from pg_event_trigger union all select 'extension', extname from pg_extension union all select 'language', lanname from pg_language where not lanpltrusted and lanname not in ('internal', 'c') union all select 'runs as its owner', oid::regprocedure::text from pg_proc where prosecdef and pronamespace::regnamespace::text <> 'pg_catalog'",
  );
