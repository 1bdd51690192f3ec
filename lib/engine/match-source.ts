import { prefixOf, safetyPrefix } from '../core/archive-name.ts';
import { AppError } from '../core/errors.ts';
import type { SourceKind } from '../core/source-kind.ts';

/** What of a source tells whether an archive is of it. */
export interface SourceMarks {
  readonly id: string;
  readonly name: string;
  readonly kind: SourceKind;
  /** Its database, path or address, as its manifests have it. */
  readonly label: string;
  readonly filePrefix: string;
}

/** What somebody else wrote, on one line of a screen. */
const shown = (text: string): string =>
  JSON.stringify(text.slice(0, 100).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '?'));

/**
 * The one source that took an archive of this name and manifest: kind, place and file prefix agree. What was taken of a database
 * before a restore into it carries a prefix of its own, and may be of another database of the source's server. Throws `not_found`
 * where none fits and `conflict` where several do: a guess would let the retention of one source judge the backups of another.
 */
export function matchSource<Source extends SourceMarks>(
  sources: readonly Source[],
  archive: { readonly kind: SourceKind; readonly database: string; readonly filename: string },
): Source {
  const { kind, database, filename } = archive;
  const prefix = prefixOf(filename);
  const fitting = sources.filter(
    (source) =>
      source.kind === kind &&
      ((source.filePrefix === prefix && source.label === database) ||
        (kind === 'postgres' && safetyPrefix(source.filePrefix) === prefix)),
  );
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  if (only !== undefined) {
    throw new AppError(
      'conflict',
      `more than one source fits: ${fitting.map(({ name }) => name).join(', ')}`,
      { hint: 'Give all but one of them another file prefix, then record it again.' },
    );
  }
  if (prefix === null) {
    throw new AppError('not_found', 'the name is none that Holdfast gives, so its source cannot be told', {
      hint: 'Give archive and manifest the names back that they were written under.',
    });
  }
  const near = sources.find((source) => source.filePrefix === prefix);
  throw new AppError(
    'not_found',
    near === undefined
      ? `no source has the kind ${kind}, the place ${shown(database)} and the file prefix ${prefix}`
      : `the source with the file prefix ${prefix}, ${near.name}, is of ${near.kind} ${shown(near.label)}; this is of ${kind} ${shown(database)}`,
    {
      hint:
        near === undefined
          ? 'Add that source first, with this file prefix, then record it again.'
          : 'Give that source its place back, or another file prefix and add the one that this is of; then record it again.',
    },
  );
}
