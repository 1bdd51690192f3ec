import postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { Config, PostgresConfig } from '../../platform/config.ts';
import type { SourceContext } from '../source.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { withConnection } from './scratch-database.ts';

/** Databases from which others are made and renamed; at least one of them lets people in. */
const MAINTENANCE = ['postgres', 'template1'] as const;

export const isPostgresError = (error: unknown, code: string): boolean =>
  error instanceof postgres.PostgresError && error.code === code;

/** For what must not be cut off in its middle, where nobody could tell whether it was done. */
export const uncut = (ctx: SourceContext): SourceContext => ({
  ...ctx,
  signal: new AbortController().signal,
});

/** A connection to the source's server that is in none of the databases of `avoid`; the signal of `ctx` cuts it off. */
export async function withMaintenance<T>(
  { source }: Pick<Config, 'source'>,
  ctx: SourceContext,
  avoid: readonly string[],
  act: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  for (const database of [...MAINTENANCE, source.database].filter((name) => !avoid.includes(name))) {
    const address: PostgresConfig = { ...source, database };
    try {
      return await withConnection(
        address,
        async (sql) => {
          // A server or role that prefers otherwise must not cut these short.
          await sql`select set_config(name, '0', false) from pg_settings
          where name in ('statement_timeout', 'lock_timeout', 'idle_session_timeout')`;
          return act(sql);
        },
        ctx.signal,
      );
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (!isPostgresError(error, '3D000')) throw translatePostgresError(error, address);
    }
  }
  throw new AppError('config', 'no database of the server could be opened to work from', {
    hint: `Create the database "postgres" on the server at ${source.host}.`,
  });
}
