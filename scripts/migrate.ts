import { migrateCatalogue } from '#db/migrate.ts';
import { loadConfig, needDatabaseUrl } from '#lib/platform/config.ts';
import { loadEnvironment } from './load-env.ts';
import { printError } from './print-error.ts';

const HELP = `Usage: npm run db:migrate

Brings the catalogue that DATABASE_URL names (from the environment, .env or what the quickstart keeps) up to date.
Safe to repeat; a catalogue that is up to date is left as it is.
Exit codes: 0 done, 20 configuration, 21 the catalogue does not answer.
`;

async function migrate(): Promise<string> {
  loadEnvironment();
  await migrateCatalogue(needDatabaseUrl(loadConfig()));
  return 'The catalogue is up to date.\n';
}

try {
  process.stdout.write(process.argv.includes('--help') ? HELP : await migrate());
} catch (error) {
  process.exitCode = printError(error);
}
