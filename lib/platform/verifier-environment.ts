import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../core/secret.ts';
import type { Config, PostgresConfig } from './config.ts';
import { WORKER_COMMAND } from './worker-command.ts';

type Environment = Record<string, string | Secret>;

/**
 * The whole environment of the process that verifies a copy at `destination`: what it reads the archive with and where it
 * restores. It gets neither the catalogue nor the master key, and the application's database only where it may restore beside it.
 */
export function verifierEnvironment(config: Config, destination: 'local' | 's3'): Environment {
  const { verify, source, s3 } = config;
  return {
    PATH: config.searchPath.join(':'),
    TMPDIR: tmpdir(),
    ...WORKER_COMMAND.env,
    // It is started for every verification: what loading its code comes to is kept where nobody else can write.
    NODE_COMPILE_CACHE: join(config.dataDir, 'compile-cache'),
    // Node reads it at its start only; without it an S3 server behind an authority of one's own is not trusted.
    ...(config.extraCaCerts === null ? {} : { NODE_EXTRA_CA_CERTS: config.extraCaCerts }),
    HOLDFAST_DATA_DIR: config.dataDir,
    HOLDFAST_LOG_LEVEL: config.logLevel,
    BACKUP_LOCAL_PATH: config.localPath,
    BACKUP_PG_BIN_DIRS: config.pgBinDirs.join(':'),
    BACKUP_AGE_IDENTITY_FILE: config.ageIdentityFile ?? '',
    BACKUP_VERIFY_DIR: verify.dir,
    BACKUP_VERIFY_JOBS: String(verify.jobs),
    BACKUP_VERIFY_TIMEOUT_MINUTES: String(verify.timeoutMinutes),
    BACKUP_VERIFY_ON_SOURCE: String(verify.mayUseSource),
    ...(verify.server === null ? {} : { BACKUP_VERIFY_DATABASE_URL: addressOf(verify.server) }),
    ...(verify.mayUseSource ? sourceOf(source) : {}),
    ...(destination === 's3' && s3 !== null
      ? {
          BACKUP_STORAGE: 's3',
          BACKUP_S3_BUCKET: s3.bucket,
          BACKUP_S3_REGION: s3.region,
          BACKUP_S3_ENDPOINT: s3.endpoint ?? '',
          BACKUP_S3_ACCESS_KEY: s3.accessKey,
          BACKUP_S3_SECRET_KEY: s3.secretKey,
        }
      : {}),
  };
}

function sourceOf(server: PostgresConfig): Environment {
  const environment: Environment = {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGDATABASE: server.database,
  };
  if (server.password !== null) environment['PGPASSWORD'] = server.password;
  if (server.sslMode) environment['PGSSLMODE'] = server.sslMode;
  if (server.sslRootCert !== null) environment['PGSSLROOTCERT'] = server.sslRootCert;
  return environment;
}

/** The address that reads back as this server. */
function addressOf(server: PostgresConfig): Secret {
  const part = encodeURIComponent;
  const secret = server.password === null ? '' : `:${part(server.password.reveal())}`;
  const search = new URLSearchParams();
  if (server.sslMode) search.set('sslmode', server.sslMode);
  if (server.sslRootCert !== null) search.set('sslrootcert', server.sslRootCert);
  const query = search.size === 0 ? '' : `?${search.toString()}`;
  return new Secret(
    `postgres://${part(server.user)}${secret}@${part(server.host)}:${String(server.port)}/${part(server.database)}${query}`,
  );
}
