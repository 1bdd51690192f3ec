import { AppError } from '../core/errors.ts';
import { ENVIRONMENT_SOURCE_ID } from '../contracts/source.ts';
import { configForSource } from '../platform/source-config.ts';
import { findSource, findSources, type SourceRecord } from '#db/queries/source.ts';
import type { EngineDeps } from './deps.ts';
import { persist } from './persist.ts';

const depsFor = (deps: EngineDeps, row: SourceRecord): EngineDeps => ({
  ...deps,
  config: configForSource(deps.config, row),
  sourceId: row.id,
});

/**
 * `deps`, which are the environment's, for the source that a row of work belongs to. Every use-case that finds its work by id asks
 * for them first, so that nothing below it knows of more than one source.
 */
export async function depsOfSource(
  deps: EngineDeps,
  sourceId: string,
  signal?: AbortSignal,
): Promise<EngineDeps> {
  if (sourceId === deps.sourceId) return deps;
  // Another source's choices must not become those of this one.
  if (deps.sourceId !== ENVIRONMENT_SOURCE_ID)
    throw new TypeError('deps of one source made into those of another');
  const row = await persist(deps, 'source', () => findSource(deps.db, sourceId), signal);
  // Sources are never removed: what is missing here was lost with a part of the catalogue.
  if (row === null) {
    throw new AppError('not_found', 'the source of this work is not in the catalogue', {
      hint: 'Restore the catalogue, or add the source again and back it up.',
    });
  }
  return depsFor(deps, row);
}

/** One for each source, the environment's first. */
export async function depsOfSources(deps: EngineDeps): Promise<readonly EngineDeps[]> {
  const rows = await findSources(deps.db);
  return [deps, ...rows.filter(({ id }) => id !== deps.sourceId).map((row) => depsFor(deps, row))];
}
