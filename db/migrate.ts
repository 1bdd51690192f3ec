import { fileURLToPath } from 'node:url';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { migrateQueue } from '../lib/jobs/queue.ts';
import type { Secret } from '../lib/core/secret.ts';
import { translateCatalogueError } from './errors.ts';

const folder = fileURLToPath(new URL('../drizzle', import.meta.url));

/** Brings the catalogue and its queues to this version. Safe to run again, and by two processes at once. */
export async function migrateCatalogue(url: Secret): Promise<void> {
  const client = postgres(url.reveal(), { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    // Two starts at once would apply the same migration twice; the second waits here instead.
    await client`select pg_advisory_lock(hashtext('holdfast-migrate'))`;
    await migrate(drizzle(client), { migrationsFolder: folder });
    await migrateQueue(url);
  } catch (error) {
    throw translateCatalogueError(error);
  } finally {
    await client.end({ timeout: 5 });
  }
}
