import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { PgTransaction } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { ExtractTablesWithRelations } from 'drizzle-orm';
import postgres from 'postgres';
import type { Secret } from '../lib/core/secret.ts';

/** How long a pool that lost a connection may finish what it was asked. */
const RETIRED_MS = 60_000;

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
  const raw = postgres(url.reveal(), { ...common, max: 2 });
  const clients = new Set<postgres.Sql>();

  const retire = (client: postgres.Sql): void => {
    // Not at once: what was asked of it before may still be answered.
    setTimeout(() => {
      clients.delete(client);
      client.end({ timeout: 5 }).catch(() => undefined);
    }, RETIRED_MS).unref();
  };
  const open = (): Db => {
    let hasClosed = false;
    const client = postgres(url.reveal(), {
      ...common,
      max: options.maxConnections ?? 8,
      onclose: () => {
        if (hasClosed) return;
        hasClosed = true;
        if (current === db) current = undefined;
        retire(client);
      },
    });
    clients.add(client);
    const db = drizzle(client);
    return db;
  };
  let current: Db | undefined = open();
  // postgres.js 3.4.9 never sends again on a connection that was lost under a pending write, and goes on choosing it from its
  // pool: after a restart of the server every query may fail for minutes. So what is asked after a loss goes to a new pool.
  const db = new Proxy(current, {
    get: (_none, name) => {
      const pool = (current ??= open());
      const value: unknown = Reflect.get(pool, name, pool);
      return typeof value === 'function' ? (value.bind(pool) as unknown) : value;
    },
  });
  return {
    db,
    raw,
    close: async () => {
      await Promise.all([...clients, raw].map((client) => client.end({ timeout: 5 })));
    },
  };
}
