import { isIP } from 'node:net';
import type { Config, PostgresConfig } from './config.ts';

/** Names and addresses of this machine. */
export const isHere = (host: string): boolean =>
  host.startsWith('/') ||
  host === 'localhost' ||
  host === '::1' ||
  (isIP(host) === 4 && host.startsWith('127.'));

/** Whether this database is Holdfast's own catalogue; false where there is none. */
export function isCatalogue(
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
  { host, port, database }: Pick<PostgresConfig, 'host' | 'port' | 'database'>,
): boolean {
  if (databaseUrl === null) return false;
  const url = new URL(databaseUrl.reveal());
  const isSameHost = url.hostname === host || (isHere(url.hostname) && isHere(host));
  const cataloguePort = url.port === '' ? 5432 : Number(url.port);
  return isSameHost && cataloguePort === port && decodeURIComponent(url.pathname.slice(1)) === database;
}
