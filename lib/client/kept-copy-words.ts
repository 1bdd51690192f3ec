import type { KeptCopy } from '../contracts/kept-copy.ts';

/** `Schema in shop`; a database and a path stand by themselves. */
export const keptPlace = ({ kind, database }: Pick<KeptCopy, 'kind' | 'database'>): string =>
  ({ database: 'Database', schema: `Schema in ${database}`, path: 'Path' })[kind];

/** What is in it. */
export function keptHolds({ kind, holds, isInUse }: Pick<KeptCopy, 'kind' | 'holds' | 'isInUse'>): string {
  if (isInUse) return 'Belongs to a restore that waits or runs';
  switch (holds) {
    case 'added':
      return 'The keys of the rows that were added';
    case 'before':
      if (kind === 'path') return 'What was live before';
      return kind === 'database' ? 'The database as it was before' : 'The rows that were replaced';
    case 'restored':
      return kind === 'schema' ? 'Restored rows' : 'A restored copy';
  }
}

/** What cannot be asked for any more without it; null where nothing needs it. */
export function keptNeed({ neededFor, isInUse }: Pick<KeptCopy, 'neededFor' | 'isInUse'>): string | null {
  if (neededFor === null || isInUse) return null;
  return neededFor === 'undo'
    ? 'Its restore can be undone as long as this is there.'
    : 'It can be swapped in again as long as it is there.';
}

/** Who is using it; null where nobody is. */
export const keptConnections = ({ connections }: Pick<KeptCopy, 'connections'>): string | null =>
  connections === 0
    ? null
    : `${String(connections)} ${connections === 1 ? 'client is' : 'clients are'} connected.`;
