/** PostgreSQL cuts longer names. */
const NAME_MAX_BYTES = 63;

/** `<database>_verify_<YYYYMMDDHHMMSS>` in UTC, with a database name cut between two characters where all would be too long. */
export function scratchName(database: string, at: Date): string {
  const suffix = `_verify_${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}`;
  let stem = '';
  for (const character of database) {
    if (Buffer.byteLength(stem + character + suffix) > NAME_MAX_BYTES) break;
    stem += character;
  }
  return stem + suffix;
}

/** Whether a database may be scratch by its name; only its comment says that it is. */
export const isScratchName = (name: string): boolean => /_verify_\d{14}$/.test(name);

/** The comment that marks a scratch database as ours, and says whose it is. */
export const scratchComment = (id: string): string => `holdfast verification ${id}`;
export const scratchOwner = (comment: string): string | null =>
  /^holdfast verification ([0-9a-f-]{36})$/.exec(comment)?.[1] ?? null;
