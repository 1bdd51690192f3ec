/** One word of a POSIX shell command; quoted only where it must be. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A PostgreSQL identifier, always quoted: names may hold capitals, spaces and quotes. */
export const sqlIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
