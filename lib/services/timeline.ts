import { AppError } from '../core/errors.ts';
import type {
  TableList,
  TablesQuery,
  TableTimeline,
  TimelinePoint,
  TimelineQuery,
} from '../contracts/timeline.ts';
import type { Backend } from '#db/backend.ts';
import { findTables, findTablesNamed, findTimeline, type TimelineRow } from '#db/queries/backup-table.ts';

/** GET /api/v1/admin/tables. */
export async function listTables(backend: Backend, query: TablesQuery): Promise<TableList> {
  const tables = await findTables(backend.db, query.source);
  return {
    data: tables.map(({ lastSeenAt, ...table }) => ({ ...table, lastSeenAt: lastSeenAt.toISOString() })),
  };
}

/** Rows oldest first. Backups that do not know their count are shown, and compared with nothing. */
function pointsOf(rows: readonly TimelineRow[], dropPercent: number): TimelinePoint[] {
  let known: number | null = null;
  return rows.map(({ takenAt, proof, ...row }) => {
    const before = known;
    known = row.rows ?? known;
    // From nothing to something is no percentage.
    const changePercent =
      before === null || row.rows === null || (before === 0 && row.rows > 0)
        ? null
        : before === 0
          ? 0
          : ((row.rows - before) / before) * 100;
    return {
      ...row,
      takenAt: takenAt.toISOString(),
      isProven: proof === 'PROVEN',
      changePercent,
      isDrop: changePercent !== null && changePercent < 0 && -changePercent > dropPercent,
    };
  });
}

/**
 * GET /api/v1/admin/tables/:name/timeline. `text` is `name` or `schema.name`; a bare name that several schemas have means the
 * one in `public`. Throws `not_found` for a table no whole backup has, and `invalid` where the schema must be said.
 */
export async function tableTimeline(
  backend: Backend,
  text: string,
  query: TimelineQuery,
): Promise<TableTimeline> {
  const named = await findTablesNamed(backend.db, query.source, text);
  const table =
    named.find(({ schema, name }) => `${schema}.${name}` === text) ??
    (named.length === 1 ? named[0] : named.find(({ schema }) => schema === 'public'));
  if (table === undefined && named.length > 0) {
    throw new AppError('invalid', 'name: several schemas have a table of this name', {
      hint: `Say which: ${named.map(({ schema, name }) => `${schema}.${name}`).join(', ')}.`,
      fields: { field: 'name' },
    });
  }
  const rows = table === undefined ? [] : await findTimeline(backend.db, query.source, table, query.limit);
  if (table === undefined || rows.length === 0) {
    throw new AppError('not_found', 'no whole backup of this source tells of this table', {
      hint: 'Look in the list of tables for the names that exist.',
    });
  }
  return { ...table, dropPercent: query.dropPercent, points: pointsOf(rows, query.dropPercent) };
}
