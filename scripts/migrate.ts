import { migrateCatalogue } from '#db/migrate.ts';
import { loadConfig, needDatabaseUrl } from '#lib/platform/config.ts';
import { loadEnvironment } from './load-env.ts';
import { printError } from './print-error.ts';

try {
  loadEnvironment();
  await migrateCatalogue(needDatabaseUrl(loadConfig()));
  process.stdout.write('The catalogue is up to date.\n');
} catch (error) {
  process.exitCode = printError(error);
}
