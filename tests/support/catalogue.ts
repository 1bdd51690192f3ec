import { openCatalogue, type Catalogue } from '#db/client.ts';
import { migrateCatalogue } from '#db/migrate.ts';
import type { Secret } from '#lib/core/secret.ts';
import type { TestPostgres } from './postgres.ts';

/** A new, migrated catalogue database on this server. Close it at the end of the file. */
export async function createCatalogue(
  server: TestPostgres,
  name = 'holdfast',
): Promise<Catalogue & { readonly url: Secret }> {
  const url = await server.createDatabase(name);
  await migrateCatalogue(url);
  return { ...openCatalogue(url, { applicationName: 'holdfast-test' }), url };
}
