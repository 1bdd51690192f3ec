import { AppError, type AppErrorOptions } from '../../core/errors.ts';
import { isLostConnection } from '../../core/lost-connection.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';
import { lastLine, toolFailed } from '../../tools/start-tool.ts';

const addressOf = ({ host, port }: PostgresConfig): string => `${host}:${String(port)}`;

export function sourceUnreachable(source: PostgresConfig, more: AppErrorOptions = {}): AppError {
  return new AppError('source_unreachable', `could not reach the database at ${addressOf(source)}`, {
    hint: "Check that the PostgreSQL server is running and reachable from the worker's machine, and the address: of the environment's own source PGHOST and PGPORT.",
    ...more,
  });
}

const refused = (source: PostgresConfig, more: AppErrorOptions): AppError =>
  new AppError('source_auth', `the database refused the sign-in of ${source.user}`, {
    hint: "Check user and password (of the environment's own source PGUSER and PGPASSWORD), and that pg_hba.conf of the server lets this machine in.",
    ...more,
  });

const forbidden = (source: PostgresConfig, more: AppErrorOptions): AppError =>
  new AppError('source_auth', `${source.user} may not read all of the database`, {
    hint: `Grant it: "grant pg_read_all_data to ${source.user}" (PostgreSQL 14 or newer), or name a user that may.`,
    ...more,
  });

const untrusted = (more: AppErrorOptions): AppError =>
  new AppError('source_auth', 'the certificate of the database server is not trusted', {
    hint: 'Set PGSSLROOTCERT to the certificate authority that signed it, and check PGSSLMODE and PGHOST.',
    ...more,
  });

/** What postgres.js threw, by SQLSTATE or socket code. */
export function translatePostgresError(thrown: unknown, source: PostgresConfig): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const because = { cause: thrown, fields: { reason: code } };
  if (isLostConnection(code)) return sourceUnreachable(source, because);
  if (code === '28P01' || code === '28000') return refused(source, because);
  if (code === '42501') return forbidden(source, because);
  if (code === '3D000') {
    return new AppError('config', `there is no database ${source.database} at ${addressOf(source)}`, {
      hint: "Correct the name of the database: of the environment's own source PGDATABASE.",
      ...because,
    });
  }
  if (/CERT|ERR_TLS|SELF_SIGNED|VERIFY/.test(code)) return untrusted(because);
  const message = thrown instanceof Error ? thrown.message : '';
  return new AppError('tool_failed', `the database answered with an error: ${message}`, {
    hint: 'Read the log of the database server around this time.',
    ...because,
  });
}

/** What pg_dump or its like meant by its exit, from what it wrote to stderr in English (LC_ALL=C). */
export function translatePgDumpExit(
  exit: ToolExit,
  source: PostgresConfig,
  program: 'pg_dump' | 'pg_basebackup' = 'pg_dump',
): AppError {
  const plain = toolFailed(program, exit);
  // Killed from outside: the last line it wrote before is not why.
  if (exit.signal !== null) return plain;
  const more = { cause: plain, fields: { reason: lastLine(exit.stderrTail) } };
  const said = exit.stderrTail;
  if (
    /password authentication failed|no password supplied|no pg_hba\.conf entry|role ".*" does not exist/.test(
      said,
    )
  ) {
    return refused(source, more);
  }
  if (/certificate|SSL error/i.test(said) && /connection to server/.test(said)) return untrusted(more);
  if (
    /connection to server|could not connect|could not translate host name|server closed the connection|terminating connection|SSL connection has been closed|no connection to the server|could not receive data from server|could not send data to server|lost synchronization|the database system is|timeout expired/.test(
      said,
    )
  ) {
    return sourceUnreachable(source, more);
  }
  if (/permission denied/.test(said)) return forbidden(source, more);
  return plain;
}
