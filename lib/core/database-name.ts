/** PostgreSQL cuts longer names. */
const NAME_MAX_BYTES = 63;

/**
 * `<database>_<word>_<YYYYMMDDHHMMSS>` in UTC, with a name cut between two characters where all would be too long.
 * `verify`, `restore`: a copy; `before`: what was live before a swap; `undone`: what a swap brought in before it was undone.
 */
export function stampedName(
  database: string,
  word: 'verify' | 'restore' | 'before' | 'undone',
  at: Date,
  maxBytes = NAME_MAX_BYTES,
): string {
  const suffix = `_${word}_${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}`;
  let stem = '';
  for (const character of database) {
    if (Buffer.byteLength(stem + character + suffix) > maxBytes) break;
    stem += character;
  }
  return stem + suffix;
}
