import { stampedName } from './database-name.ts';

/** What file systems take, less what SQLite appends to the name of a database. */
const NAME_MAX_BYTES = 255 - '-journal'.length;

type Word = 'restore' | 'before' | 'undone';

/** Beside `path`: `<path>_<word>_<YYYYMMDDHHMMSS>` in UTC, its last name cut where it would be too long. */
export function stampedPath(path: string, word: Word, at: Date): string {
  const nameAt = path.lastIndexOf('/') + 1;
  return path.slice(0, nameAt) + stampedName(path.slice(nameAt), word, at, NAME_MAX_BYTES);
}

/** Whether a path has the shape of one that a restore made. */
export const isStampedPath = (path: string, words: readonly Word[]): boolean =>
  words.some((word) => new RegExp(`[^/]_${word}_\\d{14}$`).test(path));
