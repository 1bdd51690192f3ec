import type { KeptCopy } from '../contracts/kept-copy.ts';

/** `Schema in shop`; a database or a path stands by itself. */
export function keptPlace({ kind, database }: Pick<KeptCopy, 'kind' | 'database'>): string {
  switch (kind) {
    case 'database':
      return 'Database';
    case 'schema':
      return `Schema in ${database}`;
    case 'path':
      return 'Path on the machine of the worker';
  }
}

type Holds = Record<KeptCopy['holds'], string>;
const holdsWord: Record<KeptCopy['kind'], Holds> = {
  database: {
    added: 'The keys of the rows that were added',
    before: 'The database as it was before',
    restored: 'A restored copy',
  },
  schema: {
    added: 'The keys of the rows that were added',
    before: 'The rows that were replaced',
    restored: 'Restored rows',
  },
  path: { added: 'What was added', before: 'What was there before', restored: 'A restored copy' },
};

/** What is in it. */
export function keptHolds({ kind, holds, isInUse }: Pick<KeptCopy, 'kind' | 'holds' | 'isInUse'>): string {
  if (isInUse) return 'Belongs to a restore that waits or runs';
  return holdsWord[kind][holds];
}

/** What goes with it for good. */
export const keptLoss = ({ kind }: Pick<KeptCopy, 'kind'>): string =>
  kind === 'path' ? 'with everything that is only there' : 'with every row that is only there';

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
