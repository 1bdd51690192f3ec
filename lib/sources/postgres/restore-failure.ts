import { AppError } from '../../core/errors.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';
import { lastLine } from '../../tools/start-tool.ts';

export interface RestoreFailure {
  readonly verdict: 'FAILED' | 'UNKNOWN';
  readonly error: AppError;
}

interface Cause {
  readonly pattern: RegExp;
  readonly code: 'tool_failed' | 'tool_missing' | 'tool_version' | 'storage_full';
  /** `$1` is what the pattern caught. */
  readonly message: string;
  readonly hint: string;
}

/** What keeps a good archive from being restored in this place; the first that is found counts. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /No space left on device|could not extend file|Disk quota exceeded|disk full/,
    code: 'storage_full',
    message: 'the disk of the scratch database is full',
    hint: 'Make room under BACKUP_VERIFY_DIR, or name a folder on a larger disk there.',
  },
  {
    pattern: /out of memory|out of shared memory|Cannot allocate memory/,
    code: 'tool_failed',
    message: 'the server of the scratch database ran out of memory',
    hint: 'Give the machine more memory, or lower BACKUP_VERIFY_JOBS.',
  },
  {
    pattern:
      /connection to server|server closed the connection|terminating connection|no connection to the server|could not (?:receive|send) data|lost synchronization|the database system is/,
    code: 'tool_failed',
    message: 'the connection to the server of the scratch database was lost',
    hint: 'Find out what ended the server (the log of the operating system tells when memory ran out), and verify again.',
  },
  {
    pattern:
      /could not open extension control file "[^"\n]*\/([^"\n/]+)\.control"|extension "([^"\n]+)" (?:is not available|has no installation script|has no update path)|required extension "([^"\n]+)" is not installed/,
    code: 'tool_missing',
    message: 'the extension "$1" is not installed for the server of the scratch database',
    hint: 'Install the package of this extension for that major version (Debian: postgresql-<major>-<extension>, contrib ones come with the server), and verify again.',
  },
  {
    pattern: /could not (?:access file|load library) "([^"\n]+)"/,
    code: 'tool_missing',
    message: 'the server of the scratch database lacks the library "$1"',
    hint: 'Install the package that holds this library for the server, and verify again.',
  },
  {
    pattern: /could not open (?:dictionary|stop-word|thesaurus|affix|synonym)[^"\n]*file "([^"\n]+)"/,
    code: 'tool_missing',
    message: 'the server of the scratch database lacks the text search file "$1"',
    hint: 'Put the file where the server looks for it, and verify again.',
  },
  {
    pattern: /role "([^"\n]+)" does not exist/,
    code: 'tool_failed',
    message: 'the role "$1" does not exist on the server of the scratch database',
    hint: 'Create the role there (create role … nologin), or install the server programs of this major version here, so that Holdfast makes a cluster with all roles by itself.',
  },
  {
    pattern: /tablespace "([^"\n]+)" does not exist/,
    code: 'tool_failed',
    message: 'the tablespace "$1" does not exist on the server of the scratch database',
    hint: 'Create the tablespace there, and verify again.',
  },
  {
    pattern:
      /collation "([^"\n]+)" for encoding|could not create locale "([^"\n]+)"|invalid locale name: "([^"\n]+)"|could not open collator for locale "([^"\n]+)"|(ICU) is not supported/,
    code: 'tool_missing',
    message: 'this machine does not know the locale "$1"',
    hint: 'Install the locale (Debian: dpkg-reconfigure locales), and verify again.',
  },
  {
    pattern:
      /unsupported version \(([^)\n]+)\) in file header|unrecognized configuration parameter "([^"\n]+)"/,
    code: 'tool_version',
    message: 'the programs here and the archive are of versions that do not go together ($1)',
    hint: 'Install the client and server programs of the version that made the backup.',
  },
  {
    pattern: /(permission denied[^\n]*|must be superuser[^\n]*|must be (?:owner|able to)[^\n]*)/,
    code: 'tool_failed',
    message: 'the user of the verification server may not do what the restore needs: $1',
    hint: 'Name a user with more rights in BACKUP_VERIFY_DATABASE_URL, or install the server programs of this major version here.',
  },
  {
    pattern: /could not open input file/,
    code: 'tool_failed',
    message: 'the decoded archive could not be opened',
    hint: 'Check that the user of this process may read what lies under BACKUP_VERIFY_DIR.',
  },
];

/** What a backup of chosen tables does not carry, and its tables may need. */
const OUTSIDE =
  /(?:type|function|relation|schema|operator class|collation|table|sequence|language) .* does not exist/;

/** What pg_restore meant by its exit, from what it wrote to stderr in English (LC_ALL=C). */
export function judgeRestoreFailure(
  exit: ToolExit,
  { isChosen, isServerGone }: { readonly isChosen: boolean; readonly isServerGone: boolean },
): RestoreFailure {
  const said = exit.stderrTail;
  // The last line counts how many errors were ignored; the first error is the one that stopped it.
  const first = /^pg_restore: error: (.*(?:\n(?!pg_restore:).*)?)/m.exec(said)?.[1] ?? lastLine(said);
  const reason = first.split('\n')[0]?.trim() ?? '';
  const fields = { reason };
  if (isServerGone) {
    return {
      verdict: 'UNKNOWN',
      error: new AppError(
        'tool_failed',
        'the server of the scratch database ended in the middle of the restore',
        {
          hint: 'Find out what ended it: the log of the operating system tells when memory ran out.',
          fields,
        },
      ),
    };
  }
  if (exit.signal !== null) {
    return {
      verdict: 'UNKNOWN',
      error: new AppError('tool_failed', `pg_restore was ended by ${exit.signal}`, {
        hint: 'Find out what ended it: the log of the operating system tells when memory ran out.',
        fields,
      }),
    };
  }
  for (const { pattern, code, message, hint } of CAUSES) {
    const match = pattern.exec(said);
    if (match === null) continue;
    const groups: readonly (string | undefined)[] = match.slice(1);
    const caught = groups.find((group) => group !== undefined) ?? '';
    return {
      verdict: 'UNKNOWN',
      error: new AppError(
        code,
        message.replace('$1', () => caught),
        { hint, fields },
      ),
    };
  }
  if (isChosen && OUTSIDE.test(said)) {
    return {
      verdict: 'UNKNOWN',
      error: new AppError(
        'restore_failed',
        `the chosen tables need something outside the selection: ${reason}`,
        {
          hint: 'A backup of chosen tables carries nothing else; restore it into a database that has the rest, or back up everything.',
          fields,
        },
      ),
    };
  }
  return {
    verdict: 'FAILED',
    error: new AppError('restore_failed', `pg_restore refused the archive: ${reason}`, {
      hint: 'Do not count on this backup: take a new one, and read in the log what pg_restore said.',
      fields,
    }),
  };
}
