import type {
  DatabaseSource,
  Source,
  SourceCreate,
  SourceProbeRequest,
  SourceUpdate,
  SSL_MODES,
} from '../contracts/source.ts';
import type { VerificationPolicy } from '../contracts/verification.ts';

/** What the form holds: every choice twice, whether it is the source's own and what it is then. */
export interface SourceFields {
  readonly name: string;
  readonly environment: SourceCreate['environment'];
  readonly filePrefix: string;
  readonly host: string;
  readonly port: number;
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

/** Archive names start with it: what PostgreSQL takes in a name and a file name does not becomes `_`. */
export function suggestedPrefix(database: string): string {
  const plain = database
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 90);
  return `${plain === '' ? 'database' : plain}_backup`;
}

export interface InstalledChoices {
  readonly schedule: NonNullable<SourceCreate['schedule']>;
  readonly retention: NonNullable<SourceCreate['retention']>;
  readonly verification: VerificationPolicy;
}

export const newSourceFields = (installed: InstalledChoices): SourceFields => ({
  name: '',
  environment: 'production',
  filePrefix: '',
  host: '',
  port: 5432,
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

export const fieldsOf = (source: DatabaseSource, installed: InstalledChoices): SourceFields => ({
  ...newSourceFields(installed),
  name: source.name,
  environment: source.environment,
  filePrefix: source.filePrefix,
  host: source.host,
  port: source.port,
  user: source.user,
  database: source.database,
  sslMode: source.sslMode ?? '',
  hasOwnSchedule: source.schedule !== null,
  schedule: source.schedule ?? { ...installed.schedule, isEnabled: true },
  hasOwnRetention: source.retention !== null,
  retention: source.retention ?? installed.retention,
  hasOwnPolicy: source.verification !== null,
  verification: source.verification ?? installed.verification,
});

const addressOf = (fields: SourceFields) => ({
  host: fields.host.trim(),
  port: fields.port,
  user: fields.user.trim(),
  database: fields.database,
  sslMode: fields.sslMode === '' ? null : fields.sslMode,
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
export type DatabaseCreate = Extract<SourceCreate, { database: string }>;

export const createRequest = (fields: SourceFields): DatabaseCreate => ({
  ...addressOf(fields),
  ...choicesOf(fields),
  password: fields.password === '' ? null : fields.password,
});

export function updateRequest(fields: SourceFields): SourceUpdate {
  const password = passwordOf(fields);
  return {
    ...addressOf(fields),
    ...choicesOf(fields),
    ...(password === undefined ? {} : { password }),
  };
}

/** `sourceId`: whose kept password is used where none is typed; null for a source that is not saved yet. */
export function probeRequest(
  fields: SourceFields,
  sourceId: string | null,
): Extract<SourceProbeRequest, { database: string }> {
  const password = sourceId === null && fields.password === '' ? null : passwordOf(fields);
  return {
    ...addressOf(fields),
    ...(password === undefined ? {} : { password }),
    ...(sourceId === null ? {} : { sourceId }),
  };
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
    ...createRequest({ ...fields, database }),
    name: free(database, names, (text) => text.toLowerCase()),
    filePrefix: free(suggestedPrefix(database), prefixes, (text) => text),
  }));
}
