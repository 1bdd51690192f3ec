import { randomUUID } from 'node:crypto';
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { DiscoveredDatabases, SourceProbeAnswer, SourceProbeRequest } from '../contracts/source.ts';
import { sourceQuestionJob } from '../jobs/queue.ts';
import type { PostgresConfig } from '../platform/config.ts';
import { sealPassword } from '../platform/seal.ts';
import { configForSource } from '../platform/source-config.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { findSource, findSources, keepProbe } from '#db/queries/source.ts';
import {
  findSourceQuestion,
  insertSourceQuestion,
  removeSourceQuestion,
} from '#db/queries/source-question.ts';
import { isSameSignIn, noSuchSource, passwordNeeded } from './sources.ts';
import { needWorker, waitForAnswer } from './worker-answer.ts';

interface Question {
  readonly kind: 'probe' | 'discover';
  readonly source: Pick<PostgresConfig, 'host' | 'port' | 'user' | 'database' | 'sslMode' | 'password'>;
  /** The source it is about; null for an address that is not saved. */
  readonly sourceId: string | null;
}

/** The web process opens no source: a worker answers. The row, with its sealed password, goes once the answer is read. */
async function ask(
  backend: Backend,
  actor: Actor,
  { kind, source, sourceId }: Question,
): Promise<SourceProbeAnswer | DiscoveredDatabases> {
  await needWorker(backend);
  const questionId = randomUUID();
  const { host, port, user, database, sslMode = null, password } = source;
  const queue = await backend.queue();
  await backend.db.transaction(async (tx) => {
    await insertSourceQuestion(tx, {
      id: questionId,
      kind,
      host,
      port,
      user,
      database,
      sslMode,
      sealedPassword: password === null ? null : sealPassword(backend.config.secret, questionId, password),
    });
    await addAuditEntry(tx, actor, kind === 'probe' ? 'source.test' : 'source.discover', sourceId, {
      host,
      port,
      user,
      database,
    });
    await queue.enqueue(tx, sourceQuestionJob, { questionId });
  });
  try {
    return await waitForAnswer(backend, () => findSourceQuestion(backend.db, questionId));
  } finally {
    await removeSourceQuestion(backend.db, questionId);
  }
}

/** Tries the source as it is saved, and keeps what was found. Throws `worker_absent` where no worker answers. */
export async function testSource(backend: Backend, actor: Actor, id: string): Promise<SourceProbeAnswer> {
  const row = await findSource(backend.db, id);
  if (row === null) throw noSuchSource();
  const { source } = configForSource(backend.config, row);
  const answer = (await ask(backend, actor, { kind: 'probe', source, sourceId: id })) as SourceProbeAnswer;
  await keepProbe(backend.db, row, answer);
  return answer;
}

/** With the password that was typed, or the one kept for a source where it goes to that source's server and user. */
async function addressOf(backend: Backend, input: SourceProbeRequest): Promise<Question['source']> {
  const { password, sourceId, ...address } = input;
  if (password !== undefined)
    return { ...address, password: password === null ? null : new Secret(password) };
  if (sourceId === undefined) {
    throw new AppError('invalid', 'password: is needed', {
      hint: 'Send the password, null for none, or the id of the source whose password is kept.',
      fields: { field: 'password' },
    });
  }
  const row = await findSource(backend.db, sourceId);
  if (row === null) throw noSuchSource();
  const { source } = configForSource(backend.config, row);
  if (!isSameSignIn({ ...source, sslMode: source.sslMode ?? null }, input)) throw passwordNeeded();
  return { ...address, password: source.password };
}

/** Tries an address that is not saved. What is wrong with it is an answer. */
export async function testAddress(
  backend: Backend,
  actor: Actor,
  input: SourceProbeRequest,
): Promise<SourceProbeAnswer> {
  const source = await addressOf(backend, input);
  return (await ask(backend, actor, {
    kind: 'probe',
    source,
    sourceId: input.sourceId ?? null,
  })) as SourceProbeAnswer;
}

/** Every database of the server that this user may connect to. Throws what keeps the worker from asking it (`source_auth` …). */
export async function discoverDatabases(
  backend: Backend,
  actor: Actor,
  input: SourceProbeRequest,
): Promise<DiscoveredDatabases> {
  const source = await addressOf(backend, input);
  const question = { kind: 'discover', source, sourceId: input.sourceId ?? null } as const;
  const { databases } = (await ask(backend, actor, question)) as DiscoveredDatabases;
  const known = (await findSources(backend.db)).map((row) => ({
    id: row.id,
    source: configForSource(backend.config, row).source,
  }));
  return {
    databases: databases.map((one) => ({
      ...one,
      sourceId:
        known.find(
          ({ source: { host, port, database } }) =>
            host === input.host && port === input.port && database === one.name,
        )?.id ?? null,
    })),
  };
}
