import { quoteName } from './quote-name.ts';

export interface PrintedColumn {
  readonly name: string;
  /** `length`: a text, whose length goes into the print too. `null`: may print as nothing, so that a null must be told from it. */
  readonly mark: 'length' | 'null' | 'none';
  /** The name of its type where that is PostgreSQL's own (`int8`, `char` for "char"); null for all others. */
  readonly type: string | null;
}

/** A function takes 100 arguments at most. */
const ARGUMENTS = 90;

function concat(parts: readonly string[]): string {
  if (parts.length === 0) return "''";
  if (parts.length <= ARGUMENTS) return `concat(${parts.join(', ')})`;
  const groups = Array.from({ length: Math.ceil(parts.length / ARGUMENTS) }, (_, index) =>
    concat(parts.slice(index * ARGUMENTS, (index + 1) * ARGUMENTS)),
  );
  return concat(groups);
}

/**
 * SQL for one text that stands for a whole row: every value as the server prints it, then the length of every text and the nullness
 * of what may print as nothing, each followed by U+0001. `isOneByte`: the server's encoding has one byte a character,
 * and the text is hashed as UTF-8.
 */
export function rowText(columns: readonly PrintedColumn[], isOneByte: boolean): string {
  const values = columns.map(({ name }) => quoteName(name));
  const marks = columns.flatMap(({ name, mark }) => {
    switch (mark) {
      case 'length':
        // A cast to text would take the blanks off a char(n).
        return [
          isOneByte
            ? `case when ${quoteName(name)} is not null then octet_length(convert_to(concat(${quoteName(name)}), 'UTF8')) end`
            : `octet_length(${quoteName(name)})`,
        ];
      case 'null':
        return [`${quoteName(name)} is null`];
      case 'none':
        return [];
      default:
        return [];
    }
  });
  const text = concat([...values, ...marks].flatMap((value) => [value, String.raw`e'\x01'`]));
  // The bytes of UTF-8, taken for characters of the server's encoding: hashing sees bytes only.
  return isOneByte ? `convert_from(convert_to(${text}, 'UTF8'), getdatabaseencoding())` : text;
}

/** Both halves of the sum over all rows: two 64-bit hashes of `text`, a column of the row. */
export const sumOfHashes = (text: string): string =>
  [0, 1]
    .map((seed) => `sum(hashtextextended(${text} collate "C", ${String(seed)}))::text as h${String(seed)}`)
    .join(', ');

/** 32 hexadecimal digits: both sums modulo 2^64. Null stands for no rows. */
export const fingerprintOf = (sums: readonly (bigint | string | null)[]): string =>
  sums
    .map((sum) =>
      BigInt.asUintN(64, BigInt(sum ?? 0))
        .toString(16)
        .padStart(16, '0'),
    )
    .join('');
