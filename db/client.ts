import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { PgTransaction } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { ExtractTablesWithRelations } from 'drizzle-orm';
import postgres from 'postgres';
import type { Secret } from '../lib/core/secret.ts';

export type Db = PostgresJsDatabase;
export type Tx = PgTransaction<
  PostgresJsQueryResultHKT,
  Record<string, never>,
  ExtractTablesWithRelations<Record<string, never>>
>;

export interface Catalogue {
  readonly db: Db;
  /** A client of its own for raw SQL: drizzle rewrites the parsers of the client it is given. */
  readonly raw: postgres.Sql;
  close(): Promise<void>;
}

/** Opens the catalogue. Connections are made at the first query; nothing is thrown here for a server that is away. */
export function openCatalogue(
  url: Secret,
  options: { readonly applicationName: string; readonly maxConnections?: number },
): Catalogue {
  const common: postgres.Options<Record<string, never>> = {
    connect_timeout: 5,
    // The default waits up to 20 s: a worker would count as dead after the catalogue's restart.
    backoff: (attempt) => Math.min(attempt * 0.1, 2),
    idle_timeout: 300,
    max_lifetime: 3600,
    onnotice: () => undefined,
    connection: { application_name: options.applicationName },
  };
  const forDrizzle = postgres(url.reveal(), { ...common, max: options.maxConnections ?? 8 });
  const raw = postgres(url.reveal(), { ...common, max: 2 });
  return {
    db: drizzle(forDrizzle),
    raw,
    close: async () => {
      await Promise.all([forDrizzle.end({ timeout: 5 }), raw.end({ timeout: 5 })]);
    },
  };
}
