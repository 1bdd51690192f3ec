import { AppError } from '../core/errors.ts';
import { isCatalogue, isHere } from '../platform/catalogue-address.ts';
import type { Config } from '../platform/config.ts';

const RESERVED = new Set(['postgres', 'template0', 'template1']);

const refuse = (message: string, hint: string): never => {
  throw new AppError('protected', message, { hint });
};

/** Whether an entry `database`, `host/database` or `host:port/database` names this one. */
function names(entry: string, config: Config, database: string): boolean {
  const { host, port } = config.source;
  return [database, `${host}/${database}`, `${host}:${String(port)}/${database}`].includes(entry);
}

/**
 * Throws `protected` for a database that this installation must never restore into, whatever was forced: a production one
 * while this is not production (4-ims.md, BR-002), a database the server itself needs, and Holdfast's own catalogue.
 */
export function guardTarget(config: Config, database: string): void {
  if (RESERVED.has(database)) {
    refuse(`${database} belongs to the server itself`, 'Name another database.');
  }
  if (isCatalogue(config, { ...config.source, database })) {
    refuse(
      `${database} is the catalogue of this installation`,
      'Name the database of the application, or unset DATABASE_URL where the catalogue itself is to be restored.',
    );
  }
  if (config.environment === 'production') return;
  const because = `this installation is marked ${config.environment}`;
  if (config.productionDatabases.some((entry) => names(entry, config, database))) {
    refuse(
      `${database} is a production database, and ${because}`,
      'Restore into another database, or on the production installation.',
    );
  }
  const { host } = config.source;
  if (config.productionDatabases.length === 0 && database === config.source.database && !isHere(host)) {
    refuse(
      `${database} at ${host} may be a production database, and ${because}`,
      'Name what is production in HOLDFAST_PRODUCTION_DATABASES, or restore into another database.',
    );
  }
}
