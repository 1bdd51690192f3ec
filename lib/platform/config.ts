import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import { isCron, isTimeZone } from '../core/schedule.ts';
import { Secret } from '../core/secret.ts';
import { NO_HOOKS, readHooksFile, type Hooks } from './hooks-file.ts';

const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
const secret = z.string().transform((value) => new Secret(value));
const flag = (fallback: boolean) =>
  z.preprocess(
    (value) => (value === '' ? undefined : value),
    z
      .enum(['true', 'false'])
      .default(fallback ? 'true' : 'false')
      .transform((value) => value === 'true'),
  );
const count = (fallback: number, max: number, min = 0) =>
  z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.coerce.number().int().min(min).max(max).default(fallback),
  );
const text = (fallback: string) =>
  z.preprocess((value) => (value === '' ? undefined : value), z.string().default(fallback));
const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'must be an address that starts with http:// or https://',
});
const list = z.string().transform((value) => value.split(/[\s,]+/).filter((item) => item !== ''));
/** What cannot be read must be told here, by name: the drivers' own errors hold the whole address with its password. */
const isReadableUrl = (value: string): boolean => {
  const afterUser = value.lastIndexOf('@') + 1;
  // Several hosts may be named; the first stands for all.
  const oneHost = value.slice(0, afterUser) + value.slice(afterUser).replace(/,[^/?]*/, '');
  try {
    const { username, password, pathname } = new URL(oneHost);
    return [username, password, pathname].every((part) => decodeURIComponent(part).length >= 0);
  } catch {
    return false;
  }
};

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/./, 'must be an address that starts with postgres://')
  .refine(isReadableUrl, 'cannot be read: in user and password, percent-encode what is special in an address')
  .transform((value) => new Secret(value));

/** Every environment variable Holdfast reads, by its name. README's table is checked against these keys by a test. */
export const Environment = z.object({
  DATABASE_URL: optional(postgresUrl),
  HOLDFAST_SECRET: optional(
    z
      .string()
      .min(32, 'must have at least 32 characters')
      .transform((value) => new Secret(value)),
  ),
  HOLDFAST_DATA_DIR: text('.holdfast'),
  HOLDFAST_ENVIRONMENT: z.preprocess(
    (v) => (v === '' ? undefined : v),
    z.enum(['production', 'staging', 'development']).default('production'),
  ),
  HOLDFAST_PRODUCTION_DATABASES: z.preprocess((v) => v ?? '', list),
  RESTORE_MIGRATE_COMMAND: optional(z.string().trim().min(1)),
  HOLDFAST_HOOKS_FILE: optional(z.string()),
  HOLDFAST_LOG_LEVEL: z.preprocess(
    (v) => (v === '' ? undefined : v),
    z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  ),
  NEXTAUTH_URL: optional(httpUrl),
  HOLDFAST_TRUST_PROXY: flag(false),
  PORT: count(3000, 65535, 1),

  PGHOST: text('localhost'),
  PGPORT: count(5432, 65535, 1),
  PGUSER: optional(z.string()),
  PGPASSWORD: optional(secret),
  PGDATABASE: optional(z.string()),
  PGSSLMODE: optional(z.enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'])),
  PGSSLROOTCERT: optional(z.string()),

  BACKUP_ENABLED: flag(true),
  BACKUP_SCHEDULE: text('0 1 * * *').pipe(
    z.string().refine(isCron, 'must be a cron expression of five fields'),
  ),
  BACKUP_TIMEZONE: text(Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC').pipe(
    z.string().refine(isTimeZone, 'must be an IANA time zone such as "Europe/Berlin"'),
  ),
  BACKUP_STORAGE: z.preprocess((v) => (v === '' ? undefined : v), z.enum(['local', 's3']).default('local')),
  BACKUP_LOCAL_PATH: text('./backups'),
  BACKUP_WAL_PATH: optional(z.string()),
  BACKUP_FILE_PREFIX: text('ims_backup').pipe(
    z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
        'must be letters, digits, "_", "." and "-", starting with a letter or digit',
      ),
  ),
  BACKUP_S3_BUCKET: optional(
    z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}$/,
        'must be the name of a bucket: letters, digits, ".", "_" and "-", without "/" or "s3:"',
      ),
  ),
  BACKUP_S3_REGION: text('us-east-1'),
  BACKUP_S3_ENDPOINT: optional(httpUrl),
  BACKUP_S3_ACCESS_KEY: optional(z.string()),
  BACKUP_S3_SECRET_KEY: optional(secret),
  BACKUP_COMPRESSION: z.preprocess(
    (v) => (v === '' ? undefined : v),
    z.enum(['zstd', 'gzip']).default('zstd'),
  ),
  BACKUP_AGE_RECIPIENTS: z.preprocess((v) => v ?? '', list),
  BACKUP_AGE_IDENTITY_FILE: optional(z.string()),
  BACKUP_EXCLUDE_TABLES: z.preprocess((v) => v ?? '_prisma_migrations', list),
  BACKUP_RETENTION_DAILY: count(7, 3650, 1),
  BACKUP_RETENTION_WEEKLY: count(4, 520),
  BACKUP_RETENTION_MONTHLY: count(12, 240),
  BACKUP_MANUAL_INTERVAL_MINUTES: count(60, 100_000),
  // A timer of more than 24.8 days fires at once.
  BACKUP_TIMEOUT_MINUTES: count(360, 35_000, 1),
  BACKUP_VERIFY_DIR: optional(z.string()),
  BACKUP_VERIFY_DATABASE_URL: optional(postgresUrl),
  BACKUP_VERIFY_ON_SOURCE: flag(false),
  BACKUP_VERIFY_JOBS: count(2, 64, 1),
  BACKUP_VERIFY_TIMEOUT_MINUTES: count(720, 35_000, 1),
  BACKUP_PG_BIN_DIRS: z.preprocess(
    (v) => v ?? '',
    z.string().transform((value) => value.split(':').filter((item) => item !== '')),
  ),
});
type Parsed = z.infer<typeof Environment>;

export interface S3Config {
  readonly bucket: string;
  readonly region: string;
  /** Null for AWS itself. */
  readonly endpoint: string | null;
  readonly accessKey: string;
  readonly secretKey: Secret;
}
export interface PostgresConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret | null;
  readonly database: string;
  readonly sslMode: Parsed['PGSSLMODE'] | null;
  readonly sslRootCert: string | null;
}
/** A folder, a Docker volume or a single file, or what is named below a folder. */
export interface FilesPlace {
  readonly kind: 'files';
  /** Absolute. */
  readonly path: string;
  /** Paths below it that are taken and nothing else; null takes everything. */
  readonly only: readonly string[] | null;
  /** Patterns of tar that are left out. */
  readonly excludes: readonly string[];
}
export interface SqlitePlace {
  readonly kind: 'sqlite';
  /** The database file; absolute. */
  readonly path: string;
}
export interface RedisPlace {
  readonly kind: 'redis';
  readonly host: string;
  readonly port: number;
  /** Null for the default user. */
  readonly user: string | null;
  readonly password: Secret | null;
}
/** What is backed up. Of `postgres`, `Config.source` tells where. */
export type ProtectedPlace = { readonly kind: 'postgres' } | FilesPlace | SqlitePlace | RedisPlace;

export interface Config {
  /** The catalogue; null where a script works without one. */
  readonly databaseUrl: Secret | null;
  /** Master key: session, link and sealing keys are derived from it, each for its own purpose. */
  readonly secret: Secret | null;
  readonly dataDir: string;
  /** What the source's databases are to the people who use them; unmarked ones count as production. */
  readonly environment: Parsed['HOLDFAST_ENVIRONMENT'];
  /** `database`, `host/database` or `host:port/database`: what a restore from another environment must never overwrite. */
  readonly productionDatabases: readonly string[];
  /** What restore.sh runs afterwards to bring the schema up to date, without a shell; null: nothing. */
  readonly migrateCommand: string | null;
  /** Commands that a restore may name; what they are only this server's file says. */
  readonly hooks: Hooks;
  readonly logLevel: Parsed['HOLDFAST_LOG_LEVEL'];
  readonly port: number;
  /** The address people open, where it is fixed (behind a TLS proxy); null takes the host of each request. */
  readonly publicUrl: string | null;
  /** One reverse proxy of ours stands in front: the last entry of X-Forwarded-For is the client. */
  readonly isProxyTrusted: boolean;
  readonly protects: ProtectedPlace;
  /** The PostgreSQL source; of another kind of source, the environment's, which its backups never touch. */
  readonly source: PostgresConfig;
  readonly schedule: { readonly isEnabled: boolean; readonly cron: string; readonly timeZone: string };
  readonly storage: 'local' | 's3';
  readonly localPath: string;
  /** Where archive-wal.sh keeps the write-ahead log of the source's server; null where it is not archived. */
  readonly walPath: string | null;
  readonly s3: S3Config | null;
  readonly filePrefix: string;
  readonly compression: 'zstd' | 'gzip';
  readonly ageRecipients: readonly string[];
  /** The private key that opens encrypted archives for a verification; null on a server that holds public keys only. */
  readonly ageIdentityFile: string | null;
  readonly excludeTables: readonly string[];
  readonly retention: { readonly daily: number; readonly weekly: number; readonly monthly: number };
  readonly manualIntervalMinutes: number;
  readonly timeoutMinutes: number;
  /** Where and how a restore is proven. */
  readonly verify: {
    /** Holds decoded archives and ephemeral clusters while they are needed. */
    readonly dir: string;
    /** A server whose user may create databases, for archives that no local server program fits; null when there is none. */
    readonly server: PostgresConfig | null;
    /** Whether a scratch database may be made on the source's own server, when there is no other way. */
    readonly mayUseSource: boolean;
    /** Parallel jobs of pg_restore. */
    readonly jobs: number;
    readonly timeoutMinutes: number;
  };
  /** Searched before the usual places for pg_dump and its kin. */
  readonly pgBinDirs: readonly string[];
  /** The folders of PATH. */
  readonly searchPath: readonly string[];
  /** Node's own NODE_EXTRA_CA_CERTS: authorities that an S3 server of one's own may be signed by; null when unset. */
  readonly extraCaCerts: string | null;
  readonly hostname: string;
}

const refuse = (variable: string, message: string, hint: string): never => {
  throw new AppError('config', `${variable} ${message}`, { hint, fields: { variable } });
};

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** A server from its address; the database of the address is where scratch databases are created from. */
function serverOf(address: Secret): PostgresConfig {
  const url = new URL(address.reveal());
  const sslMode = sslModes.find((mode) => mode === url.searchParams.get('sslmode')) ?? null;
  return {
    host: decodeURIComponent(url.hostname),
    port: url.port === '' ? 5432 : Number(url.port),
    user: url.username === '' ? 'postgres' : decodeURIComponent(url.username),
    password: url.password === '' ? null : new Secret(decodeURIComponent(url.password)),
    database: url.pathname.length > 1 ? decodeURIComponent(url.pathname.slice(1)) : 'postgres',
    sslMode,
    sslRootCert: url.searchParams.get('sslrootcert'),
  };
}

/**
 * The whole configuration from an environment. Throws `config` naming the first variable that is wrong or
 * contradicts another, so that a process stops at its start and not in the night.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  // A process reads its environment once: compiling the schema would take longer than that.
  const result = Environment.safeParse(env, { jitless: true });
  if (!result.success) {
    const issue = result.error.issues[0];
    const variable = String(issue?.path[0] ?? 'environment');
    return refuse(
      variable,
      `is wrong: ${issue?.message ?? 'not accepted'}`,
      `Correct ${variable} in the environment or .env file and start again.`,
    );
  }
  const e = result.data;

  // A bucket whose keys are still empty while backups stay local is no S3 yet, and no fault.
  const hasKey = e.BACKUP_S3_ACCESS_KEY !== undefined || e.BACKUP_S3_SECRET_KEY !== undefined;
  const wantsS3 = e.BACKUP_STORAGE === 's3' || (e.BACKUP_S3_BUCKET !== undefined && hasKey);
  const needed =
    e.BACKUP_STORAGE === 's3'
      ? (['BACKUP_S3_BUCKET', 'BACKUP_S3_ACCESS_KEY', 'BACKUP_S3_SECRET_KEY'] as const)
      : hasKey
        ? (['BACKUP_S3_ACCESS_KEY', 'BACKUP_S3_SECRET_KEY'] as const)
        : [];
  for (const name of needed) {
    if (e[name] !== undefined) continue;
    refuse(
      name,
      'is missing',
      e.BACKUP_STORAGE === 's3'
        ? `BACKUP_STORAGE=s3 needs ${name}.`
        : `The other half of the S3 key pair is set, so ${name} is needed too.`,
    );
  }
  for (const recipient of e.BACKUP_AGE_RECIPIENTS) {
    if (/^AGE-SECRET-KEY-/i.test(recipient)) {
      refuse(
        'BACKUP_AGE_RECIPIENTS',
        'contains a private key',
        'Put the public key (age1…) here, and keep the private key away from this server.',
      );
    }
    if (!/^age1[0-9a-z]{20,}$/.test(recipient)) {
      refuse(
        'BACKUP_AGE_RECIPIENTS',
        'contains something that is not an age recipient',
        'Each recipient starts with "age1"; make one with age-keygen.',
      );
    }
  }
  return {
    databaseUrl: e.DATABASE_URL ?? null,
    secret: e.HOLDFAST_SECRET ?? null,
    dataDir: resolve(e.HOLDFAST_DATA_DIR),
    environment: e.HOLDFAST_ENVIRONMENT,
    productionDatabases: e.HOLDFAST_PRODUCTION_DATABASES,
    migrateCommand: e.RESTORE_MIGRATE_COMMAND ?? null,
    hooks: e.HOLDFAST_HOOKS_FILE === undefined ? NO_HOOKS : readHooksFile(resolve(e.HOLDFAST_HOOKS_FILE)),
    logLevel: e.HOLDFAST_LOG_LEVEL,
    port: e.PORT,
    publicUrl: e.NEXTAUTH_URL ?? null,
    isProxyTrusted: e.HOLDFAST_TRUST_PROXY,
    protects: { kind: 'postgres' },
    source: {
      host: e.PGHOST,
      port: e.PGPORT,
      user: e.PGUSER ?? 'postgres',
      password: e.PGPASSWORD ?? null,
      database: e.PGDATABASE ?? e.PGUSER ?? 'postgres',
      sslMode: e.PGSSLMODE ?? null,
      sslRootCert: e.PGSSLROOTCERT ?? null,
    },
    schedule: { isEnabled: e.BACKUP_ENABLED, cron: e.BACKUP_SCHEDULE, timeZone: e.BACKUP_TIMEZONE },
    storage: e.BACKUP_STORAGE,
    localPath: resolve(e.BACKUP_LOCAL_PATH),
    walPath: e.BACKUP_WAL_PATH === undefined ? null : resolve(e.BACKUP_WAL_PATH),
    s3: wantsS3
      ? {
          bucket: e.BACKUP_S3_BUCKET ?? '',
          region: e.BACKUP_S3_REGION,
          endpoint: e.BACKUP_S3_ENDPOINT ?? null,
          accessKey: e.BACKUP_S3_ACCESS_KEY ?? '',
          secretKey: e.BACKUP_S3_SECRET_KEY ?? new Secret(''),
        }
      : null,
    filePrefix: e.BACKUP_FILE_PREFIX,
    compression: e.BACKUP_COMPRESSION,
    ageRecipients: e.BACKUP_AGE_RECIPIENTS,
    ageIdentityFile: e.BACKUP_AGE_IDENTITY_FILE === undefined ? null : resolve(e.BACKUP_AGE_IDENTITY_FILE),
    excludeTables: e.BACKUP_EXCLUDE_TABLES,
    retention: {
      daily: e.BACKUP_RETENTION_DAILY,
      weekly: e.BACKUP_RETENTION_WEEKLY,
      monthly: e.BACKUP_RETENTION_MONTHLY,
    },
    manualIntervalMinutes: e.BACKUP_MANUAL_INTERVAL_MINUTES,
    timeoutMinutes: e.BACKUP_TIMEOUT_MINUTES,
    verify: {
      dir: resolve(e.BACKUP_VERIFY_DIR ?? join(e.HOLDFAST_DATA_DIR, 'verify')),
      server: e.BACKUP_VERIFY_DATABASE_URL === undefined ? null : serverOf(e.BACKUP_VERIFY_DATABASE_URL),
      mayUseSource: e.BACKUP_VERIFY_ON_SOURCE,
      jobs: e.BACKUP_VERIFY_JOBS,
      timeoutMinutes: e.BACKUP_VERIFY_TIMEOUT_MINUTES,
    },
    pgBinDirs: e.BACKUP_PG_BIN_DIRS,
    searchPath: (env['PATH'] ?? '').split(':').filter((folder) => folder !== ''),
    extraCaCerts: env['NODE_EXTRA_CA_CERTS'] || null,
    hostname: hostname(),
  };
}

let loaded: Config | undefined;
/** This process's configuration: read at the first call, never at import, so that tests and builds need no environment. */
export function loadConfig(): Config {
  loaded ??= parseConfig(process.env);
  return loaded;
}

/**
 * next-auth reads two things from the environment only. Without NEXTAUTH_URL it must take the origin from each request,
 * so that http://localhost:PORT and http://127.0.0.1:PORT both work unconfigured.
 */
export function letNextAuthFollowTheRequest(): void {
  if (process.env['NEXTAUTH_URL'] === '') delete process.env['NEXTAUTH_URL'];
  process.env['AUTH_TRUST_HOST'] ??= 'true';
}

/** The catalogue's address, or `config` where it is needed and absent. */
export function needDatabaseUrl(config: Config): Secret {
  return (
    config.databaseUrl ??
    refuse(
      'DATABASE_URL',
      'is missing',
      'Set DATABASE_URL to the catalogue, for example postgres://holdfast@localhost:5432/holdfast.',
    )
  );
}

export function needSecret(config: Config): Secret {
  return (
    config.secret ??
    refuse(
      'HOLDFAST_SECRET',
      'is missing',
      'Set HOLDFAST_SECRET to at least 32 random characters and keep it.',
    )
  );
}
