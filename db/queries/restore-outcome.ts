import { sideSchemas, undoneSchema } from '../../lib/core/side-schema.ts';
import type { KeptCopy } from '../../lib/contracts/kept-copy.ts';
import { isPathTarget } from '../../lib/contracts/restore.ts';
import type { RestoreRecord } from './restore.ts';

export const isWaitingForPerson = ({ status, phase, workerId }: RestoreRecord): boolean =>
  status === 'IN_PROGRESS' && phase === 'ready' && workerId === null;

/** A proven copy stands beside the live database, or does so again. */
export const canSwap = (record: RestoreRecord): boolean =>
  record.mode === 'swap' &&
  record.copyDatabase !== null &&
  !record.dropped.includes(record.copyDatabase) &&
  record.cancelRequestedAt === null &&
  (isWaitingForPerson(record) || record.status === 'COMPLETED');

export const replacesTables = ({ mode, plan }: Pick<RestoreRecord, 'mode' | 'plan'>): boolean =>
  mode === 'tables' && plan.tablesInto === 'replace';

/** Whether what was kept is really there only the server can tell; the worker asks it. */
export const canUndo = (record: RestoreRecord): boolean =>
  record.status === 'COMPLETED' &&
  (record.swappedAt !== null || replacesTables(record)) &&
  record.undoneAt === null &&
  record.errorCode !== 'object_missing' &&
  !record.dropped.includes(keptOf(record) ?? '');

/** What an undo needs: the database that was live, or the schema with the rows that were. */
const keptOf = (record: RestoreRecord): string | null =>
  replacesTables(record) ? sideSchemas('replace', record.createdAt).keep : record.keptDatabase;

/** Something that a restore may have left, whether or not it is still there. */
export type LeftThing = Pick<KeptCopy, 'kind' | 'name' | 'database' | 'holds' | 'neededFor' | 'isInUse'>;

/** Everything that a restore may have left and nobody dropped here. By itself only a copy goes whose restore failed. */
export const leftThingsOf = (record: RestoreRecord): readonly LeftThing[] =>
  everLeft(record).filter(({ name }) => !record.dropped.includes(name));

function everLeft(record: RestoreRecord): readonly LeftThing[] {
  const { mode, status, plan, targetDatabase, copyDatabase, keptDatabase, createdAt, undoneAt } = record;
  const isInUse = status === 'IN_PROGRESS';
  const whole = (name: string, holds: LeftThing['holds'], neededFor: LeftThing['neededFor']): LeftThing => ({
    kind: isPathTarget(targetDatabase) ? 'path' : 'database',
    name,
    database: name,
    holds,
    neededFor,
    isInUse,
  });
  const schema = (name: string, holds: LeftThing['holds'], neededFor: LeftThing['neededFor']): LeftThing => ({
    kind: 'schema',
    name,
    database: targetDatabase,
    holds,
    neededFor,
    isInUse,
  });
  // The new database that was asked for is nobody's leftover.
  const isCopyWanted = mode === 'new' && status === 'COMPLETED';
  const copies =
    copyDatabase === null || isCopyWanted || copyDatabase === targetDatabase
      ? []
      : [whole(copyDatabase, 'restored', canSwap(record) ? 'swap' : null)];
  if (mode !== 'tables' || plan.tablesInto === undefined) {
    return [
      ...copies,
      ...(keptDatabase === null ? [] : [whole(keptDatabase, 'before', canUndo(record) ? 'undo' : null)]),
    ];
  }
  const { keep } = sideSchemas(plan.tablesInto, createdAt);
  const holds = ({ 'side-schema': 'restored', replace: 'before', append: 'added' } as const)[plan.tablesInto];
  return [
    ...copies,
    schema(keep, holds, canUndo(record) ? 'undo' : null),
    ...(undoneAt === null || record.undoRequestedAt === null
      ? []
      : [schema(undoneSchema(record.undoRequestedAt), 'restored', null)]),
  ];
}
