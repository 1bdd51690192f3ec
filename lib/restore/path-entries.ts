import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePlan } from '../contracts/restore.ts';
import { outermost } from '../core/path-within.ts';

/**
 * Which entries of a folder a restore concerns, each once: those that were chosen, else those that were backed up among others. Null for all
 * that the path holds.
 */
export function entriesOf(
  { paths }: Pick<RestorePlan, 'paths'>,
  { options }: Pick<Manifest, 'options'>,
): readonly string[] | null {
  const chosen = paths ?? options.files?.only ?? null;
  return chosen === null ? null : outermost(chosen);
}

/** Whether the backup is of a folder; of a single file, a database file or a snapshot it is not. */
export const isOfFolder = ({
  source,
  options,
  facts,
}: Pick<Manifest, 'source' | 'options' | 'facts'>): boolean =>
  source.kind === 'files' &&
  ((options.files?.only ?? null) !== null || facts.files === null || facts.files.directories > 0);
