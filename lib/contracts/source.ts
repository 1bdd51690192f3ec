import { z } from 'zod';
import { AbsolutePath, RelativePath } from './path.ts';
import { DatabaseName, EnvironmentKind } from './restore.ts';
import { VerificationPolicy } from './verification.ts';

export const SourceId = z.uuid();
/** The source that the environment block (PGHOST … PGDATABASE) names: it is always there, and cannot be edited in the browser. */
export const ENVIRONMENT_SOURCE_ID = '00000000-0000-4000-8000-000000000001';

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

const word = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, 'must be one line');

/** Where a PostgreSQL server is and who we are there. */
const address = {
  host: word(255),
  port: z.number().int().min(1).max(65_535),
  user: word(63),
  database: DatabaseName,
  sslMode: z.enum(SSL_MODES).nullable(),
};

// A program gets it in its environment, which no NUL can pass.
const Password = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^[^\u0000]*$/, 'must not contain NUL');

/** A cron expression of five fields in an IANA zone; both are checked by the schedule's own parser in the service. */
export const SourceSchedule = z.strictObject({
  isEnabled: z.boolean(),
  cron: word(100),
  timeZone: word(100),
});
export type SourceSchedule = z.infer<typeof SourceSchedule>;

/** How many to keep of each tier (BACKUP_RETENTION_*). */
export const SourceRetention = z.strictObject({
  daily: z.number().int().min(1).max(3650),
  weekly: z.number().int().min(0).max(520),
  monthly: z.number().int().min(0).max(240),
});
export type SourceRetention = z.infer<typeof SourceRetention>;

export const FilePrefix = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
    'must be letters, digits, "_", "." and "-", starting with a letter or digit',
  );

/** What an admin may choose; null follows the installation (environment and settings). */
const choices = {
  /** What people call it; unique. */
  name: word(100),
  environment: EnvironmentKind,
  /** The archives' names start with it; unique, so that two sources never choose one name. */
  filePrefix: FilePrefix,
  schedule: SourceSchedule.nullable(),
  retention: SourceRetention.nullable(),
  verification: VerificationPolicy.nullable(),
};

const Pattern = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]+$/u, 'must be one line');

const filesPlace = {
  kind: z.literal('files'),
  /** A folder, the data of a Docker volume, or one file. */
  path: AbsolutePath,
  /** Paths below it that are taken and nothing else: configuration that lies among other things. Null takes everything. */
  only: z.array(RelativePath).min(1).max(200).nullable().default(null),
  /** Patterns of tar for what is left out: `*.log`, `cache/*`. */
  excludes: z.array(Pattern).max(100).default([]),
};
const sqlitePlace = {
  kind: z.literal('sqlite'),
  /** The database file. */
  path: AbsolutePath,
};
const redisPlace = {
  kind: z.literal('redis'),
  host: word(255),
  port: z.number().int().min(1).max(65_535),
  /** Null for the default user. */
  user: word(100).nullable().default(null),
};
/** A request without a kind is of a PostgreSQL source. */
const postgresPlace = { kind: z.literal('postgres').default('postgres').optional(), ...address };

/** POST /api/v1/admin/sources. */
export const SourceCreate = z.discriminatedUnion('kind', [
  z.strictObject({ ...postgresPlace, ...choices, password: Password.nullable() }),
  z.strictObject({ ...filesPlace, ...choices }),
  z.strictObject({ ...sqlitePlace, ...choices }),
  z.strictObject({ ...redisPlace, ...choices, password: Password.nullable() }),
]);
export type SourceCreate = z.infer<typeof SourceCreate>;

/**
 * PUT /api/v1/admin/sources/:id; the kind stays. Without `password` the one that is kept stays, and null removes it; another host,
 * port, user or sslMode needs it typed again, so that a kept one is never sent elsewhere.
 */
export const SourceUpdate = z.discriminatedUnion('kind', [
  z.strictObject({ ...postgresPlace, ...choices, password: Password.nullable().optional() }),
  z.strictObject({ ...filesPlace, ...choices }),
  z.strictObject({ ...sqlitePlace, ...choices }),
  z.strictObject({ ...redisPlace, ...choices, password: Password.nullable().optional() }),
]);
export type SourceUpdate = z.infer<typeof SourceUpdate>;

/** What a worker found when it connected: POST /api/v1/admin/sources/:id/test, and …/sources/test with an address not saved yet. */
export const SourceProbeAnswer = z.object({
  isReachable: z.boolean(),
  productVersion: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  /** What is no fault but ought to be known: a superuser where a reading role would do, tables without permission. */
  warnings: z.array(z.string()),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  checkedAt: z.iso.datetime(),
});
export type SourceProbeAnswer = z.infer<typeof SourceProbeAnswer>;

/** Without `password` the one that is kept for `sourceId` is used, which needs its host, port, user and sslMode. */
const typedPassword = { password: Password.nullable().optional(), sourceId: SourceId.optional() };
const PostgresProbe = z.strictObject({ ...postgresPlace, ...typedPassword });
/** POST /api/v1/admin/sources/test. */
export const SourceProbeRequest = z.discriminatedUnion('kind', [
  PostgresProbe,
  z.strictObject(filesPlace),
  z.strictObject(sqlitePlace),
  z.strictObject({ ...redisPlace, ...typedPassword }),
]);
export type SourceProbeRequest = z.infer<typeof SourceProbeRequest>;

/** Which server is asked for its databases. */
export const DiscoverRequest = PostgresProbe;
export type DiscoverRequest = z.infer<typeof DiscoverRequest>;

/** POST /api/v1/admin/sources/discover: every database of a server that this user may connect to. */
export const DiscoveredDatabases = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      sizeBytes: z.number().nullable(),
      /** The source that protects it already; null for none. */
      sourceId: SourceId.nullable(),
      /** Holdfast's own: it is rebuilt from the manifests, and backed up only by who wants its settings and its audit log kept. */
      isCatalogue: z.boolean(),
    }),
  ),
});
export type DiscoveredDatabases = z.infer<typeof DiscoveredDatabases>;

const shown = {
  id: SourceId,
  name: z.string(),
  /** Where it is, for people: `ims_db on db:5432`, `/srv/uploads`. */
  place: z.string(),
  /** From the environment block: shown, not edited. */
  isFromEnvironment: z.boolean(),
  /** A disabled source is neither scheduled nor backed up by hand; its backups stay, and can be restored. */
  isEnabled: z.boolean(),
  environment: EnvironmentKind,
  filePrefix: z.string(),
  schedule: SourceSchedule.nullable(),
  retention: SourceRetention.nullable(),
  verification: VerificationPolicy.nullable(),
  /** What holds where the choice is null. */
  effective: z.object({ schedule: SourceSchedule, retention: SourceRetention }),
  nextScheduled: z.iso.datetime().nullable(),
  lastProbe: SourceProbeAnswer.nullable(),
  newestCompletedAt: z.iso.datetime().nullable(),
  newestProvenAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
};

/** GET /api/v1/admin/sources/:id. Never a password. */
export const Source = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('postgres'),
    host: z.string(),
    port: z.number(),
    user: z.string(),
    database: z.string(),
    sslMode: z.enum(SSL_MODES).nullable(),
    hasPassword: z.boolean(),
    ...shown,
  }),
  z.object({
    kind: z.literal('files'),
    path: z.string(),
    only: z.array(z.string()).nullable(),
    excludes: z.array(z.string()),
    ...shown,
  }),
  z.object({ kind: z.literal('sqlite'), path: z.string(), ...shown }),
  z.object({
    kind: z.literal('redis'),
    host: z.string(),
    port: z.number(),
    user: z.string().nullable(),
    hasPassword: z.boolean(),
    ...shown,
  }),
]);
export type Source = z.infer<typeof Source>;
/** A source that is a PostgreSQL database. */
export type DatabaseSource = Extract<Source, { readonly kind: 'postgres' }>;

/** GET /api/v1/admin/sources: the environment's first, then by name. */
export const SourceList = z.object({ data: z.array(Source) });
export type SourceList = z.infer<typeof SourceList>;
