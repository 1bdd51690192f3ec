import { readFile } from 'node:fs/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import postgres from 'postgres';
import { AppError } from '../../core/errors.ts';
import type { PostgresConfig } from '../../platform/config.ts';

async function sslOptions(
  source: PostgresConfig,
): Promise<NonNullable<postgres.Options<Record<string, never>>['ssl']>> {
  const ca = source.sslRootCert === null ? undefined : await readRootCert(source.sslRootCert);
  switch (source.sslMode) {
    case 'disable':
      return false;
    case 'allow':
    case 'prefer':
    case null:
      return 'prefer';
    case 'require':
      // libpq checks the certificate as soon as a root is named.
      return ca === undefined ? 'require' : { ca, checkServerIdentity: () => undefined };
    case 'verify-ca':
      return { ca, checkServerIdentity: () => undefined };
    case 'verify-full':
      // For an IP address the driver names no host, and the certificate would be held against `localhost`.
      return {
        ca,
        checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
          checkServerIdentity(source.host, certificate),
      };
    default:
      return 'prefer';
  }
}

async function readRootCert(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new AppError('config', 'PGSSLROOTCERT names a file that cannot be read', {
      hint: `Check that ${path} exists and that this user may read it.`,
      fields: { variable: 'PGSSLROOTCERT' },
      cause: error,
    });
  }
}

/** One connection that lives until it is ended; opened by its first query. `onClose`: it was lost, and the driver would make another. */
export async function connect(
  source: PostgresConfig,
  {
    applicationName = 'holdfast-backup',
    onClose,
  }: { readonly applicationName?: string; readonly onClose?: () => void } = {},
): Promise<postgres.Sql> {
  return postgres({
    host: source.host,
    port: source.port,
    user: source.user,
    database: source.database,
    ...(source.password === null ? {} : { password: source.password.reveal() }),
    ssl: await sslOptions(source),
    max: 1,
    connect_timeout: 10,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => undefined,
    ...(onClose === undefined ? {} : { onclose: onClose }),
    connection: { application_name: applicationName },
  });
}

export async function readVersion(sql: postgres.Sql): Promise<{ version: string; major: number }> {
  const [row] = await sql<{ version: string; number: string }[]>`
    select current_setting('server_version') as version, current_setting('server_version_num') as number`;
  const number = Number(row?.number);
  return { version: (row?.version ?? '').split(' ')[0] ?? '', major: Math.floor(number / 10_000) };
}
