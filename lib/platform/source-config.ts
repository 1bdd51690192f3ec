import type { Secret } from '../core/secret.ts';
import { unsealPassword } from './seal.ts';
import type { Config, PostgresConfig } from './config.ts';

/** What the catalogue keeps of a source that decides its configuration; null follows the installation. */
export interface SourceChoices {
  readonly id: string;
  /** Null for the environment's own source, whose address is in the environment. */
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly database: string | null;
  readonly sslMode: PostgresConfig['sslMode'];
  readonly sealedPassword: string | null;
  readonly isEnabled: boolean;
  readonly environment: Config['environment'] | null;
  readonly filePrefix: string | null;
  readonly schedule: Config['schedule'] | null;
  readonly retention: Config['retention'] | null;
}

/**
 * The installation's configuration for one of its sources, so that nothing below knows of more than one. The environment's own is
 * `config` as it is. The password is unsealed when it is read: schedule, retention and the proof of a stored archive go on
 * without the key, and whoever connects gets the error that tells of it (`config`).
 */
export function configForSource(config: Config, row: SourceChoices | null): Config {
  if (row?.host == null || row.port === null || row.user === null || row.database === null) return config;
  const { id, host, port, user, database, sslMode, sealedPassword } = row;
  const schedule = row.schedule ?? config.schedule;
  return {
    ...config,
    source: {
      host,
      port,
      user,
      get password(): Secret | null {
        return sealedPassword === null ? null : unsealPassword(config.secret, id, sealedPassword);
      },
      database,
      sslMode,
      // An authority of one's own is a file on the worker's machine. Named without need, it would make libpq check what nobody asked for.
      sslRootCert: sslMode === 'verify-ca' || sslMode === 'verify-full' ? config.source.sslRootCert : null,
    },
    environment: row.environment ?? config.environment,
    schedule: { ...schedule, isEnabled: schedule.isEnabled && row.isEnabled },
    retention: row.retention ?? config.retention,
    filePrefix: row.filePrefix ?? config.filePrefix,
  };
}
