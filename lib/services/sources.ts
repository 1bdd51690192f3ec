import { randomUUID } from 'node:crypto';
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import { isCron, isTimeZone, nextDueAt } from '../core/schedule.ts';
import { Secret } from '../core/secret.ts';
import {
  ENVIRONMENT_SOURCE_ID,
  type Source,
  type SourceCreate,
  type SourceList,
  type SourceProbeRequest,
  type SourceUpdate,
} from '../contracts/source.ts';
import { sealPassword } from '../platform/seal.ts';
import type { Config } from '../platform/config.ts';
import { configForSource, placeWords } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow } from '#db/queries/backup.ts';
import { hasUnfinishedRestore } from '#db/queries/restore.ts';
import {
  findSource,
  findSources,
  insertSource,
  lockSources,
  newestBackupsOfSources,
  updateSource as storeSource,
  type NewestBackups,
  type SourceRecord,
} from '#db/queries/source.ts';

export type PlaceColumns = Pick<
  SourceRecord,
  'kind' | 'host' | 'port' | 'user' | 'database' | 'sslMode' | 'path' | 'only' | 'excludes'
>;
type SignIn = Pick<PlaceColumns, 'kind' | 'host' | 'port' | 'user' | 'sslMode'>;
type PlaceInput = SourceCreate | SourceUpdate | SourceProbeRequest;

export const noSuchSource = (): AppError =>
  new AppError('not_found', 'there is no source with this id', {
    hint: 'Look in the list of sources for the ids that exist.',
  });

const refuse = (field: string, message: string, hint: string): AppError =>
  new AppError('invalid', `${field}: ${message}`, { hint, fields: { field } });

const taken = (field: string, what: string): AppError =>
  new AppError('conflict', `${field}: another source has this ${what} already`, {
    hint: 'Choose another one.',
    fields: { field },
  });

const fromEnvironment = (): AppError =>
  new AppError('conflict', 'this source is the one that the environment names', {
    hint: 'Change PGHOST … PGDATABASE, BACKUP_ENABLED and the other variables, and start console and worker again.',
  });

function shownPlace({ protects, source }: Config, hasPassword: boolean) {
  switch (protects.kind) {
    case 'postgres': {
      const { host, port, user, database, sslMode = null } = source;
      return { kind: protects.kind, host, port, user, database, sslMode, hasPassword };
    }
    case 'files': {
      const { kind, path, only, excludes } = protects;
      return { kind, path, only: only === null ? null : [...only], excludes: [...excludes] };
    }
    case 'sqlite':
      return { kind: protects.kind, path: protects.path };
    case 'redis': {
      const { kind, host, port, user } = protects;
      return { kind, host, port, user, hasPassword };
    }
  }
}

function toShown(
  { config }: Backend,
  row: SourceRecord,
  newest: NewestBackups | undefined,
  now: Date,
): Source {
  const own = configForSource(config, row);
  const isFromEnvironment = row.id === ENVIRONMENT_SOURCE_ID;
  const { isEnabled, cron, timeZone } = own.schedule;
  // The environment's own has none in the catalogue, and the others' are not unsealed to tell.
  const hasPassword = isFromEnvironment ? config.source.password !== null : row.sealedPassword !== null;
  return {
    ...shownPlace(own, hasPassword),
    id: row.id,
    name: row.name,
    place: placeWords(own),
    isFromEnvironment,
    isEnabled: row.isEnabled,
    environment: own.environment,
    filePrefix: own.filePrefix,
    schedule: row.schedule,
    retention: row.retention,
    verification: row.verification,
    effective: { schedule: { isEnabled, cron, timeZone }, retention: { ...own.retention } },
    nextScheduled: isEnabled ? (nextDueAt(own.schedule, now)?.toISOString() ?? null) : null,
    lastProbe: row.lastProbe,
    newestCompletedAt: newest?.completedAt?.toISOString() ?? null,
    newestProvenAt: newest?.provenAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}

/** The environment's first, then by name. */
export async function listSources(backend: Backend): Promise<SourceList> {
  const newest = await newestBackupsOfSources(backend.db);
  const now = await catalogueNow(backend.db);
  const rows = await findSources(backend.db);
  return { data: rows.map((row) => toShown(backend, row, newest.get(row.id), now)) };
}

export async function getSource(backend: Backend, id: string): Promise<Source> {
  const { data } = await listSources(backend);
  const found = data.find((source) => source.id === id);
  if (found === undefined) throw noSuchSource();
  return found;
}

/** Ids of the sources on the server of this one, itself among them: they share their databases, or the machine that holds paths. */
export async function sourcesOnServerOf(
  { config }: Backend,
  tx: Tx | Backend['db'],
  id: string,
): Promise<readonly string[]> {
  const places = (await findSources(tx)).map((row) => {
    const { protects, source } = configForSource(config, row);
    const server = protects.kind === 'postgres' ? `${source.host}:${String(source.port)}` : 'paths';
    return { id: row.id, server };
  });
  const server = places.find((place) => place.id === id)?.server;
  return places.filter((place) => place.server === server).map((place) => place.id);
}

/** What no schema can tell: that a schedule can be read, and that name and prefix are nobody else's. */
async function needOwnChoices(
  { config }: Backend,
  tx: Tx,
  id: string,
  { name, filePrefix, schedule }: SourceUpdate,
): Promise<void> {
  if (schedule !== null && !isCron(schedule.cron)) {
    throw refuse(
      'schedule.cron',
      'is not a cron expression of five fields',
      'Write for example "0 1 * * *".',
    );
  }
  if (schedule !== null && !isTimeZone(schedule.timeZone)) {
    throw refuse('schedule.timeZone', 'is not an IANA time zone', 'Write for example "Europe/Berlin".');
  }
  await lockSources(tx);
  const others = (await findSources(tx)).filter((other) => other.id !== id);
  if (others.some((other) => other.name.toLowerCase() === name.toLowerCase())) throw taken('name', 'name');
  if (others.some((other) => configForSource(config, other).filePrefix === filePrefix))
    throw taken('filePrefix', 'prefix');
}

const NO_PLACE = {
  host: null,
  port: null,
  user: null,
  database: null,
  sslMode: null,
  path: null,
  only: null,
  excludes: null,
};

/** Where it is, as the catalogue keeps it: without the password. */
export function placeColumns(place: PlaceInput): PlaceColumns {
  switch (place.kind) {
    case 'files':
      return { ...NO_PLACE, kind: place.kind, path: place.path, only: place.only, excludes: place.excludes };
    case 'sqlite':
      return { ...NO_PLACE, kind: place.kind, path: place.path };
    case 'redis':
      return { ...NO_PLACE, kind: place.kind, host: place.host, port: place.port, user: place.user };
    case 'postgres':
    case undefined: {
      const { host, port, user, database, sslMode } = place;
      return { ...NO_PLACE, kind: 'postgres', host, port, user, database, sslMode };
    }
  }
}

/** Everything but the password. */
const columnsOf = (input: SourceUpdate) => ({
  ...placeColumns(input),
  name: input.name,
  environment: input.environment,
  filePrefix: input.filePrefix,
  schedule: input.schedule,
  retention: input.retention,
  verification: input.verification,
});

/** For the audit log: of the SQL checks the names only. */
const detailsOf = (input: SourceUpdate) => ({
  ...columnsOf(input),
  verification:
    input.verification === null
      ? null
      : { ...input.verification, sqlChecks: input.verification.sqlChecks.map(({ name }) => name) },
});

const sealedOf = ({ config }: Backend, id: string, password: string | null): string | null =>
  password === null ? null : sealPassword(config.secret, id, new Secret(password));

/** Throws `invalid` for a schedule that cannot be read, `conflict` for a name or prefix of another source; both name the field. */
export async function createSource(backend: Backend, actor: Actor, input: SourceCreate): Promise<Source> {
  const id = randomUUID();
  const password = typedPassword(input) ?? null;
  await backend.db.transaction(async (tx) => {
    await needOwnChoices(backend, tx, id, input);
    await insertSource(tx, {
      id,
      ...columnsOf(input),
      sealedPassword: sealedOf(backend, id, password),
    });
    await addAuditEntry(tx, actor, 'source.create', id, {
      ...detailsOf(input),
      hasPassword: password !== null,
    });
  });
  return getSource(backend, id);
}

/** Null for none; undefined keeps the one that is kept. Files have none. */
export const typedPassword = (input: PlaceInput): string | null | undefined =>
  input.kind === 'files' || input.kind === 'sqlite' ? null : input.password;

async function changeable(tx: Tx, id: string): Promise<SourceRecord> {
  await lockSources(tx);
  const row = await findSource(tx, id);
  if (row === null) throw noSuchSource();
  if (id === ENVIRONMENT_SOURCE_ID) throw fromEnvironment();
  return row;
}

/** True where the kept password may be sent there: the same server, the same user, and no weaker a connection. */
export const isSameSignIn = (row: SignIn, input: SignIn): boolean =>
  row.kind === input.kind &&
  row.host === input.host &&
  row.port === input.port &&
  row.user === input.user &&
  row.sslMode === input.sslMode;

const isSamePlace = (row: PlaceColumns, columns: PlaceColumns): boolean =>
  row.database === columns.database &&
  row.path === columns.path &&
  JSON.stringify([row.only, row.excludes]) === JSON.stringify([columns.only, columns.excludes]);

export const passwordNeeded = (): AppError =>
  refuse(
    'password',
    'must be typed again for another host, port, user or sslMode',
    'Type the password; the one that is kept is sent only where it was meant to go.',
  );

/**
 * Throws like `createSource`; `invalid` where another address came without its password, `conflict` for the environment's own
 * source, and `locked` while a restore to its server is waiting or running, which could not be finished elsewhere.
 */
export async function updateSource(
  backend: Backend,
  actor: Actor,
  id: string,
  input: SourceUpdate,
): Promise<Source> {
  const password = typedPassword(input);
  await backend.db.transaction(async (tx) => {
    const row = await changeable(tx, id);
    const columns = columnsOf(input);
    if (columns.kind !== row.kind) {
      throw refuse('kind', 'cannot be changed', 'Add another source, and disable this one.');
    }
    await needOwnChoices(backend, tx, id, input);
    const isSame = isSameSignIn(row, columns);
    if (password === undefined && row.sealedPassword !== null && !isSame) throw passwordNeeded();
    if (!isSame && (await hasUnfinishedRestore(tx, id))) {
      throw new AppError('locked', 'a restore to the server of this source is waiting or running', {
        hint: 'Wait until it has ended, or cancel it, then change the address.',
      });
    }
    await storeSource(tx, id, {
      ...columns,
      ...(password === undefined ? {} : { sealedPassword: sealedOf(backend, id, password) }),
      ...(isSame && isSamePlace(row, columns) && password === undefined ? {} : { lastProbe: null }),
    });
    await addAuditEntry(tx, actor, 'source.change', id, {
      ...detailsOf(input),
      isPasswordChanged: password !== undefined,
    });
  });
  return getSource(backend, id);
}

/** Neither scheduled nor backed up by hand any more, or again. Its backups stay, and what was missed is not caught up. */
export async function setSourceEnabled(
  backend: Backend,
  actor: Actor,
  id: string,
  isEnabled: boolean,
): Promise<Source> {
  await backend.db.transaction(async (tx) => {
    const row = await changeable(tx, id);
    if (row.isEnabled === isEnabled) return;
    await storeSource(tx, id, { isEnabled });
    await addAuditEntry(tx, actor, isEnabled ? 'source.enable' : 'source.disable', id, { name: row.name });
  });
  return getSource(backend, id);
}
