import type postgres from 'postgres';
import type { Facts } from '../../contracts/facts.ts';
import type { Logger } from '../../core/run-context.ts';
import { AppError } from '../../core/errors.ts';
import type { FactsPolicy } from '../source.ts';
import type { CatalogTable } from './table-selection.ts';

export interface FactsScope {
  /** The dumped tables as they stand in `snapshot`; null: every table that is there, as in a restored copy. */
  readonly tables: readonly CatalogTable[] | null;
  /** A backup of chosen tables: only what belongs to them, for it carries nothing else. */
  readonly isChosen: boolean;
  /** No rows, sequence positions or large objects: they become `schema-only`. */
  readonly isSchemaOnly: boolean;
  /** The exported snapshot to read in; null: one of its own, for a database that nobody changes. */
  readonly snapshot: string | null;
}

export interface FactsLimits {
  /** Throws its reason as soon as it aborts. */
  readonly signal: AbortSignal;
  /** What is not read when this aborts becomes `time-limit`; null: no limit. */
  readonly timeUp: AbortSignal | null;
  readonly log: Logger;
}

/**
 * Reads what a dump of this database promises, and what a restored copy of it must show: the same code on both sides.
 * Every connection is one `connect()` gave, not in a transaction; it has no open transaction afterwards. The tables are shared out among them.
 * Never throws for a fact that cannot be had, which becomes a named UNKNOWN; throws the reason of `limits.signal`.
 */
export function readFacts(
  connections: readonly postgres.Sql[],
  scope: FactsScope,
  policy: FactsPolicy,
  limits: FactsLimits,
): Promise<Facts> {
  return Promise.reject(new AppError('bug', 'facts are not read yet'));
}
