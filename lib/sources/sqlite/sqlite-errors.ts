import { AppError } from '../../core/errors.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
export const SQLITE = {
  error: 1,
  perm: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  auth: 23,
  notadb: 26,
} as const;
/** A journal that is to be rolled back, which a reader may not do. */
const READONLY_ROLLBACK = 776;

interface SqliteFailure {
  readonly errcode: number;
  readonly message: string;
}

/** What SQLite said, or null where something else was thrown. */
export const sqliteFailure = (thrown: unknown): SqliteFailure | null =>
  thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number'
    ? { errcode: thrown.errcode, message: thrown.message }
    : null;

/** What keeps the live database from being copied, in words and with what to do. */
export function translateSqliteError(thrown: unknown, path: string): unknown {
  const failure = sqliteFailure(thrown);
  if (failure === null) return thrown;
  const { errcode, message } = failure;
  const say = (code: AppError['code'], text: string, hint: string): AppError =>
    new AppError(code, text, { hint, cause: thrown });
  if (errcode === READONLY_ROLLBACK) {
    return say(
      'source_unreachable',
      `${path} was left in the middle of a change`,
      'Start the application that uses it once, so that SQLite can roll that change back.',
    );
  }
  switch (errcode & 0xff) {
    // A backup that finds no moment without a lock ends with the code of a success.
    case 0:
    case SQLITE.busy:
    case SQLITE.locked:
      return say(
        'source_unreachable',
        `${path} is locked by another program`,
        'Try again when nothing holds it exclusively; an open transaction of the application may be the cause.',
      );
    case SQLITE.perm:
    case SQLITE.auth:
    case SQLITE.readonly:
    case SQLITE.cantopen:
      return say(
        'source_auth',
        `${path} may not be opened by this user: ${message}`,
        'The user of the worker must be able to read the database and the -wal and -shm files beside it, and to write to -shm or its folder.',
      );
    case SQLITE.notadb:
      return say(
        'config',
        `${path} is not a SQLite database, or it is encrypted`,
        'Name the database file itself; one that is encrypted can be backed up as files while its application is stopped.',
      );
    case SQLITE.corrupt:
      return say(
        'integrity',
        `${path} is damaged: ${message}`,
        'Restore it from an earlier backup, or save what can be read with the .recover command of sqlite3.',
      );
    case SQLITE.full:
      return say(
        'storage_full',
        'there is no room left for the copy to be archived',
        'Make room in the folder that HOLDFAST_DATA_DIR names, or name one on a larger disk there.',
      );
    default:
      return say(
        'source_unreachable',
        `SQLite could not read ${path}: ${message}`,
        'Check the disk it lies on, and whether sqlite3 can open it.',
      );
  }
}
