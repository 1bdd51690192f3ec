import type postgres from 'postgres';
import type { Config } from '../../platform/config.ts';
import type { SourceContext } from '../source.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { withConnection } from './scratch-database.ts';

/** Does `use` over a connection to a database of the source's server. Throws the reason of the signal, or an AppError. */
export async function insideDatabase<T>(
  config: Config,
  ctx: Pick<SourceContext, 'signal'>,
  database: string,
  use: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const address = { ...config.source, database };
  try {
    return await withConnection(address, use, ctx.signal);
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw translatePostgresError(error, address);
  }
}
