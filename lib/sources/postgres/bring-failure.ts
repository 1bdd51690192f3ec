import { AppError } from '../../core/errors.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import { translatePostgresError } from './postgres-errors.ts';

const AS_BEFORE = 'The live tables are as before.';

const HINTS: Readonly<Record<string, readonly [AppError['code'], string]>> = {
  '23502': [
    'conflict',
    'A live column must not be empty that is empty in the backup: bring the table into a side schema.',
  ],
  '23503': ['conflict', 'Restore the tables it points at together with it.'],
  '23505': [
    'conflict',
    'A live unique key does not allow these rows: bring the table into a side schema, and look at both.',
  ],
  '23514': [
    'conflict',
    'A live rule does not allow these rows: bring the table into a side schema, and look at both.',
  ],
  '23P01': [
    'conflict',
    'A live rule does not allow these rows: bring the table into a side schema, and look at both.',
  ],
  '55P03': [
    'timeout',
    'Somebody held a lock on these tables for a minute: look for long transactions in pg_stat_activity.',
  ],
  '40P01': ['timeout', 'Somebody else wanted the same locks: try again.'],
  '42501': [
    'restore_failed',
    'The configured user has no right to that: name the owner of the tables, or a superuser, in PGUSER.',
  ],
  '53100': ['restore_failed', 'Make room on the disk of the database server.'],
};

/** What stopped a transaction that brings tables; it was rolled back. */
export function bringFailure(thrown: unknown, address: PostgresConfig): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  // A SQLSTATE; anything else is of the connection.
  if (!/^[0-9A-Z]{5}$/.test(code) || /^(?:08|57P|28)/.test(code))
    return translatePostgresError(thrown, address);
  const { message = '', detail } = thrown as { readonly message?: string; readonly detail?: string };
  const [is, hint] = HINTS[code] ?? ['restore_failed', 'The log of the database server holds more of it.'];
  return new AppError(
    is,
    `the rows could not be brought in: ${message}${detail === undefined ? '' : ` (${detail})`}`,
    {
      hint: `${hint} ${AS_BEFORE}`,
      cause: thrown,
      fields: { reason: code },
    },
  );
}
