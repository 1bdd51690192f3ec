import { AppError } from '../../core/errors.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';
import { lastLine } from '../../tools/start-tool.ts';

/** What keeps a good archive from being restored over a database, and what to do about it; the first that is found counts. */
const CAUSES: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  {
    pattern: /role "[^"\n]+" does not exist/,
    hint: 'Create the role first ("create role … nologin"), or leave owners out with --no-owner.',
  },
  {
    pattern: /extension "[^"\n]+" is not available|could not open extension control file/,
    hint: 'Install the package of this extension on the database server, and try again.',
  },
  {
    pattern: /cannot drop .* because other objects depend on it/,
    hint: 'Something in this database that the backup does not know is built on what it replaces: restore into a new database (--target-db), or drop that first.',
  },
  {
    pattern: /violates foreign key constraint/,
    hint: 'The restored rows and the rows beside them do not go together: restore these tables together, or everything.',
  },
  {
    pattern: /duplicate key value|already exists/,
    hint: 'What is restored is there already: restore into a new database (--target-db).',
  },
  {
    pattern: /No space left on device|could not extend file|disk full/,
    hint: 'Make room on the disk of the database server, and try again.',
  },
  {
    pattern: /out of shared memory/,
    hint: 'Raise max_locks_per_transaction on the server: everything is restored in one transaction.',
  },
  {
    pattern: /unrecognized configuration parameter|unsupported version/,
    hint: 'The backup comes from a newer PostgreSQL: restore it on a server of that version.',
  },
  {
    pattern: /permission denied|must be (?:owner|superuser|member|able to)/,
    hint: 'Name a user with more rights in PGUSER, or leave owners out with --no-owner.',
  },
  {
    pattern: /connection to server|server closed the connection|terminating connection/,
    hint: 'Check that the server is running and reachable, and try again.',
  },
];

/** What pg_restore meant by its exit, from what it wrote to stderr in English (LC_ALL=C). */
export function judgeLiveRestore(exit: ToolExit, { database }: PostgresConfig): AppError {
  // What it told of its progress before says nothing of why it stopped.
  const said = exit.stderrTail.slice(Math.max(0, exit.stderrTail.search(/^pg_restore: error:/m)));
  // The last line counts errors or names a statement; the first error is the one that stopped it.
  const first = /^pg_restore: error: (.*)/m.exec(said)?.[1] ?? lastLine(said);
  const detail = /^(?:DETAIL|HINT): {2}(.*)/m.exec(said)?.[1];
  const reason =
    exit.signal === null
      ? `${first}${detail === undefined ? '' : ` (${detail})`}`
      : `pg_restore was ended by ${exit.signal}`;
  const hint =
    CAUSES.find(({ pattern }) => pattern.test(said))?.hint ??
    'Read what pg_restore said; the log of the database server holds more of it.';
  return new AppError('restore_failed', `could not restore into ${database}: ${reason}`, { hint });
}
