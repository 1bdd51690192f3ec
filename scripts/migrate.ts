import { migrateCatalogue } from '#db/migrate.ts';
import { loadConfig, needDatabaseUrl } from '#lib/platform/config.ts';

await migrateCatalogue(needDatabaseUrl(loadConfig()));
process.stdout.write('The catalogue is up to date.\n');
