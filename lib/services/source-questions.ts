import { randomUUID } from 'node:crypto';
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type {
  DiscoveredDatabases,
  DiscoverRequest,
  SourceProbeAnswer,
  SourceProbeRequest,
} from '../contracts/source.ts';
import { sourceQuestionJob } from '../jobs/queue.ts';
import { isCatalogue } from '../platform/catalogue-address.ts';
import { sealPassword } from '../platform/seal.ts';
import { configForSource } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { findSource, findSources, keepProbe, type SourceRecord } from '#db/queries/source.ts';
import {
  findSourceQuestion,
  insertSourceQuestion,
  removeSourceQuestion,
} from '#db/queries/source-question.ts';
import {
  isSameSignIn,
  noSuchSource,
  passwordNeeded,
  placeColumns,
  typedPassword,
  type PlaceColumns,
} from './sources.ts';
import { needWorker, waitForAnswer } from './worker-answer.ts';

interface Question {
  readonly kind: 'probe' | 'discover';
  readonly place: PlaceColumns;
  readonly password: Secret | null;
  /** The source it is about; null for a place that is not saved. */
  readonly sourceId: string | null;
}

/** The web process opens no source: a worker answers. The row, with its sealed password, goes once the answer is read. */
async function ask(
  backend: Backend,
  actor: Actor,
  { kind, place: { kind: sourceKind, ...place }, password, sourceId }: Question,
): Promise<SourceProbeAnswer | DiscoveredDatabases> {
  await needWorker(backend);
  const questionId = randomUUID();
  const queue = await backend.queue();
  await backend.db.transaction(async (tx) => {
    await insertSourceQuestion(tx, {
      id: questionId,
      kind,
      sourceKind,
      ...place,
      sealedPassword: password === null ? null : sealPassword(backend.config.secret, questionId, password),
    });
    const said = Object.entries(place).filter(([, value]) => value !== null);
    await addAuditEntry(tx, actor, kind === 'probe' ? 'source.test' : 'source.discover', sourceId, {
      ...Object.fromEntries(said),
      kind: sourceKind,
    });
    await queue.enqueue(tx, sourceQuestionJob, { questionId });
  });
  try {
    return await waitForAnswer(backend, () => findSourceQuestion(backend.db, questionId));
  } finally {
    await removeSourceQuestion(backend.db, questionId);
  }
}

/** Where a saved source is, and the password that is kept for it. */
function savedPlace({ config }: Backend, row: SourceRecord): Pick<Question, 'place' | 'password'> {
  const { protects, source } = configForSource(config, row);
  const place = placeColumns(
    protects.kind === 'postgres'
      ? { ...source, kind: 'postgres', sslMode: source.sslMode ?? null, password: null }
      : protects.kind === 'files'
        ? {
            ...protects,
            only: protects.only === null ? null : [...protects.only],
            excludes: [...protects.excludes],
          }
        : protects.kind === 'redis'
          ? { ...protects, password: null }
          : protects,
  );
  switch (protects.kind) {
    case 'postgres':
      return { place, password: source.password };
    case 'redis':
      return { place, password: protects.password };
    case 'files':
    case 'sqlite':
      return { place, password: null };
  }
}

/** Tries the source as it is saved, and keeps what was found. Throws `worker_absent` where no worker answers. */
export async function testSource(backend: Backend, actor: Actor, id: string): Promise<SourceProbeAnswer> {
  const row = await findSource(backend.db, id);
  if (row === null) throw noSuchSource();
  const answer = (await ask(backend, actor, {
    kind: 'probe',
    ...savedPlace(backend, row),
    sourceId: id,
  })) as SourceProbeAnswer;
  await keepProbe(backend.db, row, answer);
  return answer;
}

/** With the password that was typed, or the one kept for a source where it goes to that source's server and user. */
async function placeOf(
  backend: Backend,
  input: SourceProbeRequest,
): Promise<Pick<Question, 'place' | 'password' | 'sourceId'>> {
  const place = placeColumns(input);
  const sourceId = 'sourceId' in input ? (input.sourceId ?? null) : null;
  const password = typedPassword(input);
  if (password !== undefined)
    return { place, sourceId, password: password === null ? null : new Secret(password) };
  if (sourceId === null) {
    throw new AppError('invalid', 'password: is needed', {
      hint: 'Send the password, null for none, or the id of the source whose password is kept.',
      fields: { field: 'password' },
    });
  }
  const row = await findSource(backend.db, sourceId);
  if (row === null) throw noSuchSource();
  const saved = savedPlace(backend, row);
  if (!isSameSignIn(saved.place, place)) throw passwordNeeded();
  return { place, sourceId, password: saved.password };
}

/** Tries an address that is not saved. What is wrong with it is an answer. */
export async function testAddress(
  backend: Backend,
  actor: Actor,
  input: SourceProbeRequest,
): Promise<SourceProbeAnswer> {
  return (await ask(backend, actor, {
    kind: 'probe',
    ...(await placeOf(backend, input)),
  })) as SourceProbeAnswer;
}

/** Every database of the server that this user may connect to. Throws what keeps the worker from asking it (`source_auth` …). */
export async function discoverDatabases(
  backend: Backend,
  actor: Actor,
  input: DiscoverRequest,
): Promise<DiscoveredDatabases> {
  const question = { kind: 'discover', ...(await placeOf(backend, input)) } as const;
  const { databases } = (await ask(backend, actor, question)) as DiscoveredDatabases;
  const known = (await findSources(backend.db))
    .filter(({ kind }) => kind === 'postgres')
    .map((row) => ({ id: row.id, source: configForSource(backend.config, row).source }));
  return {
    databases: databases.map((one) => ({
      ...one,
      isCatalogue: isCatalogue(backend.config, { host: input.host, port: input.port, database: one.name }),
      sourceId:
        known.find(
          ({ source: { host, port, database } }) =>
            host === input.host && port === input.port && database === one.name,
        )?.id ?? null,
    })),
  };
}
