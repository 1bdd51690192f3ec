import type { RestoreLook } from '../contracts/restore.ts';
import { AppError } from '../core/errors.ts';
import { entriesOf } from '../restore/path-entries.ts';
import { isThere } from '../restore/path-names.ts';
import { compareFileTrees, countSqliteRows } from '../sources/registry.ts';
import type { SourceContext } from '../sources/source.ts';
import { findManifest } from '#db/queries/backup.ts';
import type { RestoreRecord } from '#db/queries/restore.ts';
import type { EngineDeps } from './deps.ts';

/**
 * What stands in a restored copy, beside what it would replace or has replaced; of a new path, beside what is live at its source. Names and
 * numbers, never contents. Throws `object_missing` where the copy is gone.
 */
export async function lookAtPath(
  { db, config: { protects } }: EngineDeps,
  ctx: SourceContext,
  run: RestoreRecord,
  places: { readonly path: string; readonly live: string | null },
): Promise<RestoreLook> {
  const { path } = places;
  if (!(await isThere(path))) {
    throw new AppError('object_missing', `there is nothing at ${path} any more`, {
      hint: 'It was removed, or is on the machine of another worker.',
    });
  }
  const beside = places.live ?? ('path' in protects ? protects.path : null);
  const live = beside !== null && beside !== path && (await isThere(beside)) ? beside : null;
  const look = { database: path, liveDatabase: live, tables: [], sample: null, files: null };
  switch (protects.kind) {
    case 'files': {
      const manifest = await findManifest(db, run.backupId);
      if (live === null || manifest === null || manifest === undefined) return look;
      const { added, removed, changed, isCut } = await compareFileTrees(ctx, path, live, {
        only: entriesOf(run.plan, manifest),
        excludes: manifest.options.files?.excludes ?? [],
      });
      return {
        ...look,
        files: { added: [...added], removed: [...removed], changed: [...changed], isCut },
      };
    }
    case 'sqlite': {
      const rows = await countSqliteRows(ctx, path);
      const liveRows = live === null ? new Map<string, number | null>() : await countSqliteRows(ctx, live);
      const names = [...new Set([...rows.keys(), ...liveRows.keys()])].toSorted();
      return {
        ...look,
        tables: names.map((name) => ({
          schema: 'main',
          name,
          rows: rows.get(name) ?? null,
          liveRows: liveRows.get(name) ?? null,
        })),
      };
    }
    case 'redis':
    case 'postgres':
      return look;
  }
}
