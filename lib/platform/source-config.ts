import type { SourceKind } from '../core/source-kind.ts';
import type { Secret } from '../core/secret.ts';
import type { ArchiveLayers } from '../core/archive-name.ts';
import { unsealPassword } from './seal.ts';
import type { Config, PostgresConfig } from './config.ts';

/** What the catalogue keeps of a source that decides its configuration; null follows the installation. */
export interface SourceChoices {
  readonly id: string;
  readonly kind: SourceKind;
  /** Null for the environment's own source, whose address is in the environment, and for files. */
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly database: string | null;
  readonly sslMode: PostgresConfig['sslMode'];
  readonly sealedPassword: string | null;
  /** Of `files` and `sqlite`. */
  readonly path: string | null;
  readonly only: readonly string[] | null;
  readonly excludes: readonly string[] | null;
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
  if (row === null) return config;
  const place = placeOf(config, row);
  if (place === null) return config;
  const schedule = row.schedule ?? config.schedule;
  return {
    ...config,
    ...place,
    environment: row.environment ?? config.environment,
    schedule: { ...schedule, isEnabled: schedule.isEnabled && row.isEnabled },
    retention: row.retention ?? config.retention,
    filePrefix: row.filePrefix ?? config.filePrefix,
  };
}

/** Null for the environment's own. */
function placeOf(config: Config, row: SourceChoices): Partial<Pick<Config, 'protects' | 'source'>> | null {
  const { id, kind, host, port, user, database, sslMode, sealedPassword, path } = row;
  const password = (): Secret | null =>
    sealedPassword === null ? null : unsealPassword(config.secret, id, sealedPassword);
  switch (kind) {
    case 'postgres':
      if (host === null || port === null || user === null || database === null) return null;
      return {
        source: {
          host,
          port,
          user,
          get password(): Secret | null {
            return password();
          },
          database,
          sslMode,
          // An authority of one's own is a file on the worker's machine. Named without need, it would make libpq check what nobody asked for.
          sslRootCert:
            sslMode === 'verify-ca' || sslMode === 'verify-full' ? config.source.sslRootCert : null,
        },
      };
    case 'files':
      return path === null
        ? null
        : { protects: { kind, path, only: row.only, excludes: row.excludes ?? [] } };
    case 'sqlite':
      return path === null ? null : { protects: { kind, path } };
    case 'redis':
      if (host === null || port === null) return null;
      return {
        protects: {
          kind,
          host,
          port,
          user,
          get password(): Secret | null {
            return password();
          },
        },
      };
  }
}

/** Which layers this configuration gives an archive. */
export const layersOf = ({ protects, compression, ageRecipients }: Config): ArchiveLayers => ({
  kind: protects.kind,
  compression,
  isEncrypted: ageRecipients.length > 0,
});

/** What a source is called where its name is not at hand: its database, its path, or its address. */
export function labelOf({ protects, source }: Config): string {
  switch (protects.kind) {
    case 'postgres':
      return source.database;
    case 'files':
    case 'sqlite':
      return protects.path;
    case 'redis':
      return `${protects.host}:${String(protects.port)}`;
  }
}

/** Where it is, for people; no secret. */
export function placeWords(config: Config): string {
  const { protects, source } = config;
  return protects.kind === 'postgres'
    ? `${source.database} on ${source.host}:${String(source.port)}`
    : labelOf(config);
}
