import type { DroppedCopy, KeptCopies, KeptCopy, KeptCopyName } from '../contracts/kept-copy.ts';
import { AppError, toAppError, runErrorOf } from '../core/errors.ts';
import { isWithin } from '../core/path-within.ts';
import type { Config } from '../platform/config.ts';
import { isThere } from '../restore/path-names.ts';
import { removeMadePath } from '../restore/remove-path.ts';
import { openKeptCopies } from '../sources/registry.ts';
import type { KeptSize } from '../sources/kept-copies.ts';
import type { SourceContext } from '../sources/source.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  answerKeptCopyQuestion,
  findKeptCopyQuestion,
  noteDropped,
  restoresThatLeft,
} from '#db/queries/kept-copy.ts';
import { leftThingsOf, type LeftThing } from '#db/queries/restore-outcome.ts';
import { lockRestore, unfinishedRestoreOf, type RestoreRecord } from '#db/queries/restore.ts';
import { findSources } from '#db/queries/source.ts';
import { isOfPath, workerActor, type EngineDeps } from './deps.ts';
import { sizesOfPaths } from './kept-paths.ts';
import { depsOfSource, depsOfSources } from './source-deps.ts';

const LIMIT_MS = 15_000;
/** A large database takes its time to be removed; who asked is told so meanwhile. */
const DROP_LIMIT_MS = 100_000;

/** Answers what restores left, or drops one of these; what it cannot answer for is an answer too. */
export async function runKeptCopyQuestion(deps: EngineDeps, id: string, stop: AbortSignal): Promise<void> {
  const question = await findKeptCopyQuestion(deps.db, id);
  if (question === null || question.answer !== null || question.errorCode !== null) return;
  const { wanted, requestedBy } = question;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(wanted === null ? LIMIT_MS : DROP_LIMIT_MS)]);
  const ctx = { signal, log: deps.log, clock: deps.clock };
  try {
    const answer =
      wanted === null ? await listKept(deps, ctx) : await dropKept(deps, ctx, wanted, requestedBy);
    await answerKeptCopyQuestion(deps.db, id, answer);
  } catch (thrown) {
    await answerKeptCopyQuestion(deps.db, id, errorOf(deps, ctx, thrown));
  }
}

function errorOf({ log }: EngineDeps, { signal }: SourceContext, thrown: unknown): AppError {
  if (signal.aborted) {
    return new AppError('timeout', 'the database server took too long to answer', {
      hint: 'Try again when the server is less busy.',
    });
  }
  if (!(thrown instanceof AppError)) log.warn('kept copies met an unknown error', { error: thrown });
  return toAppError(thrown);
}

/** A server that cannot be reached says nothing of the others. */
async function listKept(deps: EngineDeps, ctx: SourceContext): Promise<KeptCopies> {
  const records = await restoresThatLeft(deps.db);
  const names = new Map((await findSources(deps.db)).map(({ id, name }) => [id, name]));
  const sourceIds = [...new Set(records.map(({ sourceId }) => sourceId))];
  const found = await Promise.all(
    sourceIds.map(async (sourceId) => {
      const own = records.filter((record) => record.sourceId === sourceId);
      try {
        return {
          sourceId,
          copies: await keptOfSource(await depsOfSource(deps, sourceId), ctx, own),
          error: null,
        };
      } catch (thrown) {
        return { sourceId, copies: [], error: errorOf(deps, ctx, thrown) };
      }
    }),
  );
  return {
    data: found
      .flatMap(({ copies }) => copies)
      .toSorted((a, b) => (a.restoredAt < b.restoredAt ? -1 : a.restoredAt > b.restoredAt ? 1 : 0)),
    unreachable: found.flatMap(({ sourceId, error }) =>
      error === null
        ? []
        : [
            {
              sourceId,
              source: names.get(sourceId) ?? sourceId,
              error: runErrorOf(error),
            },
          ],
    ),
  };
}

async function keptOfSource(
  { config }: EngineDeps,
  ctx: SourceContext,
  records: readonly RestoreRecord[],
): Promise<readonly KeptCopy[]> {
  const left = records.flatMap((record) => leftThingsOf(record).map((thing) => ({ record, thing })));
  const found =
    config.protects.kind === 'postgres'
      ? await sizesOnServer(config, ctx, left)
      : await sizesOfPaths(
          ctx,
          left.map(({ thing }) => thing),
          config.protects.kind,
        );
  return left.flatMap(({ record, thing }) => {
    const size = found.get(thing);
    if (size === undefined) return [];
    const { id, mode, createdAt } = record;
    return [{ ...thing, ...size, restoreId: id, mode, restoredAt: createdAt.toISOString() }];
  });
}

/** Those that are really there. */
async function sizesOnServer(
  config: Config,
  ctx: SourceContext,
  left: readonly { readonly record: RestoreRecord; readonly thing: LeftThing }[],
): Promise<ReadonlyMap<LeftThing, KeptSize>> {
  const server = openKeptCopies(config);
  const databases = left.filter(({ thing }) => thing.kind === 'database').map(({ thing }) => thing.name);
  const found = new Map<LeftThing, KeptSize>();
  const sizes = databases.length === 0 ? null : await server.databases(ctx, databases);
  const schemas = Map.groupBy(
    left.filter(({ thing }) => thing.kind === 'schema'),
    ({ thing }) => thing.database,
  );
  for (const { thing } of left) {
    const size = thing.kind === 'database' ? sizes?.get(thing.name) : undefined;
    if (size !== undefined) found.set(thing, size);
  }
  for (const [database, things] of schemas) {
    const wanted = things.map(({ record, thing }) => ({ name: thing.name, id: record.id }));
    const there = await server.schemas(ctx, database, wanted);
    for (const { thing } of things) {
      const size = there.get(thing.name);
      if (size !== undefined) found.set(thing, size);
    }
  }
  return found;
}

/**
 * Drops what the restore's row names, while the row is held: nobody can ask for its undo in between. What was dropped is written down
 * in the same transaction; where that is lost, an undo finds that it is gone.
 */
async function dropKept(
  deps: EngineDeps,
  ctx: SourceContext,
  { restoreId, kind, name }: KeptCopyName,
  requestedBy: string,
): Promise<DroppedCopy> {
  return deps.db.transaction(async (tx) => {
    const record = await lockRestore(tx, restoreId);
    const thing =
      record === null
        ? undefined
        : leftThingsOf(record).find((one) => one.kind === kind && one.name === name);
    if (record === null || thing === undefined) {
      throw new AppError('not_found', `this restore left no ${kind} of that name`, {
        hint: 'Load the list again: only what is in it can be dropped here.',
      });
    }
    const own = await depsOfSource(deps, record.sourceId);
    const neighbours = await sourcesOfServer(deps, own);
    const ids = neighbours.map(({ sourceId }) => sourceId);
    const isTarget = kind !== 'schema' && (await unfinishedRestoreOf(tx, ids, name)) !== null;
    if (thing.isInUse || isTarget) {
      throw new AppError('locked', `a restore that waits or runs is using ${name}`, {
        hint: 'Wait until it has ended, or give it up.',
      });
    }
    const isBackedUp = neighbours.some(({ config: { protects, source } }) => {
      if (kind === 'database') return source.database === name;
      return kind === 'path' && 'path' in protects && isWithin(protects.path, name);
    });
    if (isBackedUp) {
      throw new AppError('protected', `${name} is a ${kind} that is backed up here`, {
        hint: `Nothing was dropped. Give the source of that name another ${kind} first.`,
      });
    }
    await drop(own, ctx, thing, restoreId);
    await noteDropped(tx, restoreId, name);
    await addAuditEntry(tx, workerActor('restore'), 'restore.drop-kept', restoreId, {
      kind,
      name,
      database: thing.database,
      requestedBy,
    });
    return { name, message: `${name} was dropped` };
  });
}

async function drop(
  { config }: EngineDeps,
  ctx: SourceContext,
  { kind, name, database }: LeftThing,
  restoreId: string,
): Promise<void> {
  switch (kind) {
    case 'database':
      await openKeptCopies(config).dropDatabase(ctx, name);
      return;
    case 'schema':
      await openKeptCopies(config).dropSchema(ctx, { database, name, id: restoreId });
      return;
    case 'path':
      if (!(await isThere(name))) {
        throw new AppError('not_found', `there is nothing at ${name} any more`, {
          hint: 'Load the list again.',
        });
      }
      await removeMadePath(name, config.protects.kind);
  }
}

/** Sources on the server of this one, or those of paths; itself among them. */
async function sourcesOfServer(deps: EngineDeps, own: EngineDeps): Promise<readonly EngineDeps[]> {
  const all = await depsOfSources(deps);
  if (isOfPath(own)) return all.filter(isOfPath);
  const { host, port } = own.config.source;
  return all.filter(
    (one) => !isOfPath(one) && one.config.source.host === host && one.config.source.port === port,
  );
}
