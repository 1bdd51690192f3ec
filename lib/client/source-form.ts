import type {
  DiscoverRequest,
  Source,
  SourceCreate,
  SourceProbeRequest,
  SourceUpdate,
  SSL_MODES,
} from '../contracts/source.ts';
import type { VerificationPolicy } from '../contracts/verification.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { linesOf, relativePaths, trimmedPath } from './typed-paths.ts';

/** What the form holds: the places of every kind, and every choice twice, whether it is the source's own and what it is then. */
export interface SourceFields {
  /** Which of the places counts; no person changes it here. */
  readonly kind: SourceKind;
  readonly name: string;
  readonly environment: SourceCreate['environment'];
  readonly filePrefix: string;
  /** Of files and SQLite. */
  readonly path: string;
  /** Paths below it, one a line; empty: everything. */
  readonly only: string;
  /** Patterns, one a line. */
  readonly excludes: string;
  readonly host: string;
  readonly port: number;
  /** Of Redis empty for the default user. */
  readonly user: string;
  readonly database: string;
  /** Empty: the one that is kept, or none where there is none. */
  readonly password: string;
  readonly dropsPassword: boolean;
  /** Empty: as libpq decides. */
  readonly sslMode: (typeof SSL_MODES)[number] | '';
  readonly hasOwnSchedule: boolean;
  readonly schedule: NonNullable<SourceCreate['schedule']>;
  readonly hasOwnRetention: boolean;
  readonly retention: NonNullable<SourceCreate['retention']>;
  readonly hasOwnPolicy: boolean;
  readonly verification: VerificationPolicy;
}

/** What the source is called as long as nobody types another name; empty where its place is not typed yet. */
export function suggestedName({
  kind,
  path,
  host,
  database,
}: Pick<SourceFields, 'kind' | 'path' | 'host' | 'database'>): string {
  switch (kind) {
    case 'postgres':
      return database.trim();
    case 'files':
      return lastPart(path);
    case 'sqlite':
      return lastPart(path).replace(/(?<=.)\.(?:sqlite3?|db3?)$/i, '');
    case 'redis': {
      const [first = ''] = host.trim().split('.');
      if (first === '') return '';
      // An address, a socket and this machine tell nothing of what is in it.
      return /^(?:\d+|localhost)$|[/:]/.test(first) ? 'redis' : first;
    }
  }
}

const lastPart = (path: string): string => trimmedPath(path).split('/').at(-1) ?? '';

/** Archive names start with it: what a name may hold and a file name may not becomes `_`. */
export function suggestedPrefix(name: string): string {
  const plain = name
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 90);
  return `${plain === '' ? 'source' : plain}_backup`;
}

export interface InstalledChoices {
  readonly schedule: NonNullable<SourceCreate['schedule']>;
  readonly retention: NonNullable<SourceCreate['retention']>;
  readonly verification: VerificationPolicy;
}

const PORTS: Readonly<Partial<Record<SourceKind, number>>> = { redis: 6379 };

export const newSourceFields = (installed: InstalledChoices, kind: SourceKind): SourceFields => ({
  kind,
  name: '',
  environment: 'production',
  filePrefix: '',
  path: '',
  only: '',
  excludes: '',
  host: '',
  port: PORTS[kind] ?? 5432,
  user: '',
  database: '',
  password: '',
  dropsPassword: false,
  sslMode: '',
  hasOwnSchedule: false,
  schedule: { ...installed.schedule, isEnabled: true },
  hasOwnRetention: false,
  retention: installed.retention,
  hasOwnPolicy: false,
  verification: installed.verification,
});

function placeFields(source: Source): Partial<SourceFields> {
  switch (source.kind) {
    case 'postgres': {
      const { host, port, user, database, sslMode } = source;
      return { host, port, user, database, sslMode: sslMode ?? '' };
    }
    case 'files':
      return {
        path: source.path,
        only: (source.only ?? []).join('\n'),
        excludes: source.excludes.join('\n'),
      };
    case 'sqlite':
      return { path: source.path };
    case 'redis':
      return { host: source.host, port: source.port, user: source.user ?? '' };
  }
}

export const fieldsOf = (source: Source, installed: InstalledChoices): SourceFields => ({
  ...newSourceFields(installed, source.kind),
  ...placeFields(source),
  name: source.name,
  environment: source.environment,
  filePrefix: source.filePrefix,
  hasOwnSchedule: source.schedule !== null,
  schedule: source.schedule ?? { ...installed.schedule, isEnabled: true },
  hasOwnRetention: source.retention !== null,
  retention: source.retention ?? installed.retention,
  hasOwnPolicy: source.verification !== null,
  verification: source.verification ?? installed.verification,
});

/** The fields of a kind's place, without passwords. */
export const PLACE_FIELDS = {
  postgres: ['host', 'port', 'user', 'database', 'sslMode'],
  files: ['path', 'only', 'excludes'],
  sqlite: ['path'],
  redis: ['host', 'port', 'user'],
} as const satisfies Record<SourceKind, readonly (keyof SourceFields)[]>;

const databasePlace = (fields: SourceFields) => ({
  host: fields.host.trim(),
  port: fields.port,
  user: fields.user.trim(),
  database: fields.database,
  sslMode: fields.sslMode === '' ? null : fields.sslMode,
});

function filesPlace(fields: SourceFields) {
  const only = relativePaths(fields.only);
  return {
    kind: 'files' as const,
    path: trimmedPath(fields.path),
    only: only.length === 0 ? null : only,
    excludes: [...linesOf(fields.excludes)],
  };
}

const sqlitePlace = (fields: SourceFields) => ({ kind: 'sqlite' as const, path: trimmedPath(fields.path) });

const redisPlace = (fields: SourceFields) => ({
  kind: 'redis' as const,
  host: fields.host.trim(),
  port: fields.port,
  user: fields.user.trim() === '' ? null : fields.user.trim(),
});

/** A password that is typed, one that is taken away, or (undefined) the one that is kept. */
const passwordOf = (fields: SourceFields): string | null | undefined =>
  fields.dropsPassword ? null : fields.password === '' ? undefined : fields.password;

const choicesOf = (fields: SourceFields) => ({
  name: fields.name.trim(),
  environment: fields.environment,
  filePrefix: fields.filePrefix.trim(),
  schedule: fields.hasOwnSchedule
    ? { ...fields.schedule, cron: fields.schedule.cron.trim(), timeZone: fields.schedule.timeZone }
    : null,
  retention: fields.hasOwnRetention ? fields.retention : null,
  verification: fields.hasOwnPolicy ? fields.verification : null,
});

/** POST …/sources of a PostgreSQL database. */
type DatabaseCreate = Extract<SourceCreate, { database: string }>;

const databaseRequest = (fields: SourceFields): DatabaseCreate => ({
  ...databasePlace(fields),
  ...choicesOf(fields),
  password: fields.password === '' ? null : fields.password,
});

export function createRequest(fields: SourceFields): SourceCreate {
  const choices = choicesOf(fields);
  switch (fields.kind) {
    case 'postgres':
      return databaseRequest(fields);
    case 'files':
      return { ...filesPlace(fields), ...choices };
    case 'sqlite':
      return { ...sqlitePlace(fields), ...choices };
    case 'redis':
      return {
        ...redisPlace(fields),
        ...choices,
        password: fields.password === '' ? null : fields.password,
      };
  }
}

export function updateRequest(fields: SourceFields): SourceUpdate {
  const choices = choicesOf(fields);
  const password = passwordOf(fields);
  const signIn = password === undefined ? {} : { password };
  switch (fields.kind) {
    case 'postgres':
      return { ...databasePlace(fields), ...choices, ...signIn };
    case 'files':
      return { ...filesPlace(fields), ...choices };
    case 'sqlite':
      return { ...sqlitePlace(fields), ...choices };
    case 'redis':
      return { ...redisPlace(fields), ...choices, ...signIn };
  }
}

/** What asks with a password: the typed one, or the one that is kept for `sourceId`; null for a source that is not saved yet. */
function signInOf(fields: SourceFields, sourceId: string | null) {
  const password = sourceId === null && fields.password === '' ? null : passwordOf(fields);
  return {
    ...(password === undefined ? {} : { password }),
    ...(sourceId === null ? {} : { sourceId }),
  };
}

/** `sourceId`: whose kept password is used where none is typed; null for a source that is not saved yet. */
export function probeRequest(fields: SourceFields, sourceId: string | null): SourceProbeRequest {
  switch (fields.kind) {
    case 'postgres':
      return { ...databasePlace(fields), ...signInOf(fields, sourceId) };
    case 'files':
      return filesPlace(fields);
    case 'sqlite':
      return sqlitePlace(fields);
    case 'redis':
      return { ...redisPlace(fields), ...signInOf(fields, sourceId) };
  }
}

/** Of a PostgreSQL server that is not saved yet. */
export function discoverRequest(fields: SourceFields): DiscoverRequest {
  // Which database to ask is not known yet; every server has this one.
  const database = fields.database.trim() === '' ? 'postgres' : fields.database;
  return { ...databasePlace({ ...fields, database }), ...signInOf(fields, null) };
}

/** One request for each database, named after it; a name or prefix that is taken already gets a number. */
export function createRequests(
  fields: SourceFields,
  databases: readonly string[],
  taken: readonly Pick<Source, 'name' | 'filePrefix'>[],
): readonly DatabaseCreate[] {
  const names = new Set(taken.map(({ name }) => name.toLowerCase()));
  const prefixes = new Set(taken.map(({ filePrefix }) => filePrefix));
  const free = (wanted: string, used: Set<string>, key: (text: string) => string): string => {
    for (let number = 1; ; number += 1) {
      const text = number === 1 ? wanted : `${wanted}_${String(number)}`;
      if (used.has(key(text))) continue;
      used.add(key(text));
      return text;
    }
  };
  return databases.map((database) => ({
    ...databaseRequest({ ...fields, database }),
    name: free(database, names, (text) => text.toLowerCase()),
    filePrefix: free(suggestedPrefix(database), prefixes, (text) => text),
  }));
}
