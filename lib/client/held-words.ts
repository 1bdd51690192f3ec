import type { FileFacts, KeyFacts } from '../contracts/facts.ts';
import { humanBytes } from '../core/bytes.ts';

const figures = new Intl.NumberFormat('en-US');
const counted = (count: number, one: string, many = `${one}s`): string =>
  `${figures.format(count)} ${count === 1 ? one : many}`;

/** `1,204 files, 86 folders and 3 links, 1.2 GB`: what a tree holds, without what it has none of. */
export function filesText({ files, directories, links, others, bytes }: FileFacts): string {
  const parts = [
    counted(files, 'file'),
    ...(directories === 0 ? [] : [counted(directories, 'folder')]),
    ...(links === 0 ? [] : [counted(links, 'link')]),
    ...(others === 0 ? [] : [counted(others, 'pipe or device', 'pipes and devices')]),
  ];
  const last = parts.pop() ?? '';
  return `${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`}, ${humanBytes(bytes)}`;
}

/** `1,204 keys`; where keys came or went while the snapshot was taken, both numbers. */
export function keysText({ before, after }: Pick<KeyFacts['databases'][number], 'before' | 'after'>): string {
  if (before === after) return counted(before, 'key');
  const [fewer, more] = before < after ? [before, after] : [after, before];
  return `${figures.format(fewer)} to ${counted(more, 'key')}`;
}

/** Of a whole server. */
export function allKeysText({ databases }: KeyFacts): string {
  const sum = (of: 'before' | 'after'): number =>
    databases.reduce((total, database) => total + database[of], 0);
  const keys = keysText({ before: sum('before'), after: sum('after') });
  return databases.length < 2 ? keys : `${keys} in ${counted(databases.length, 'database')}`;
}

/** How many files were written to while they were read, as a heading; null where none was. */
export function changedText({ changedCount }: Pick<FileFacts, 'changedCount'>): string | null {
  if (changedCount === 0) return null;
  return changedCount === 1
    ? '1 file was written to while it was read'
    : `${figures.format(changedCount)} files were written to while they were read`;
}
