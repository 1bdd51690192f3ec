import type { Secret } from '../../core/secret.ts';
import type { PostgresConfig } from '../../platform/config.ts';

/** `dbname='…'` with the keys libpq has no environment variable for. Holds no secret: it stands in argv. */
export function conninfo(source: PostgresConfig): string {
  const quote = (value: string): string => `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
  return `dbname=${quote(source.database)} keepalives_idle=30 keepalives_interval=10 keepalives_count=3 tcp_user_timeout=60000`;
}

/** The connection as client programs read it, with what must not stand in argv. */
export function libpqEnvironment(source: PostgresConfig): Record<string, Secret | string> {
  return {
    PGHOST: source.host,
    PGPORT: String(source.port),
    PGUSER: source.user,
    PGAPPNAME: 'holdfast-backup',
    PGCONNECT_TIMEOUT: '10',
    ...(source.password === null ? {} : { PGPASSWORD: source.password }),
    ...(source.sslMode == null ? {} : { PGSSLMODE: source.sslMode }),
    ...(source.sslRootCert === null ? {} : { PGSSLROOTCERT: source.sslRootCert }),
  };
}
