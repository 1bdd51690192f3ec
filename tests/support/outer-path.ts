import { delimiter, join } from 'node:path';
import { ROOT } from './temporary-tree.ts';

/** PATH as the person who typed `npm test` has it: without this clone's own programs. */
export const outerPath = (): string =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(ROOT, 'node_modules')))
    .join(delimiter);
