/** One word of a POSIX shell command; quoted only where it must be, and in the way that stays readable. */
export function shellQuote(word: string): string {
  // Inside double quotes only these keep a meaning; SQL with its single quotes reads best there.
  if (word.includes("'") && !/["$`\\!]/.test(word)) return `"${word}"`;
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A PostgreSQL identifier, always quoted: names may hold capitals, spaces and quotes. */
export const sqlIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** One command of a POSIX shell, a line a part. */
export const lines = (...parts: readonly string[]): string => parts.join(' \\\n  ');
