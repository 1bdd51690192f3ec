import { quoteName } from './quote-name.ts';
import type { PrintedColumn } from './row-print.ts';

/** Of these the server's own hash tells any two values apart that a dump tells apart. */
const EXACT: ReadonlySet<string> = new Set(['bool', 'bytea', 'date', 'int2', 'int4', 'oid', 'uuid']);

/**
 * What these send to a client in binary form. Their own hashes fold 64 bits into 32 (`int8`, instants), call 1.0 and 1.00 or -0 and
 * 0 equal, or depend on whether the machine's characters have a sign (`char`).
 */
const SENT: ReadonlyMap<string, string> = new Map([
  ['char', 'charsend'],
  ['float4', 'float4send'],
  ['float8', 'float8send'],
  ['int8', 'int8send'],
  ['interval', 'interval_send'],
  ['numeric', 'numeric_send'],
  ['time', 'time_send'],
  ['timestamp', 'timestamp_send'],
  ['timestamptz', 'timestamptz_send'],
  ['timetz', 'timetz_send'],
]);

const TEXTS: ReadonlySet<string> = new Set(['name', 'text', 'varchar']);

function formOf({ name, type }: PrintedColumn, isOneByte: boolean): string {
  const column = quoteName(name);
  const own = type ?? '';
  if (EXACT.has(own)) return column;
  const send = SENT.get(own);
  if (send !== undefined) {
    // A computed NaN has a sign, and a dump carries none.
    return own.startsWith('float')
      ? `case ${column} when 'NaN' then ${send}('NaN') else ${send}(${column}) end`
      : `${send}(${column})`;
  }
  // `is not null` would call a composite of nulls null; a cast to text would take the blanks off a char(n).
  const text = TEXTS.has(own)
    ? `${column}::text`
    : `case when ${column} is distinct from null then concat(${column}) end`;
  return isOneByte ? `convert_to(${text}, 'UTF8')` : `(${text}) collate "C"`;
}

/**
 * SQL for a 64-bit hash of a whole row, in which every bit counts that a dump carries: of its values in binary form where they have one that
 * is exact, and as the server prints them otherwise. For servers from version 14 on. `isOneByte`: see `rowText`.
 */
export const rowHash = (columns: readonly PrintedColumn[], isOneByte: boolean): string =>
  `hash_record_extended(row(${columns.map((column) => formOf(column, isOneByte)).join(', ')}), 0)`;

/**
 * Both halves of the sum over all rows. The hash of a row adds up the hashes of its values, so the first does not see two rows that
 * exchange a value; the second does, for it adds up hashes of that hash.
 */
export const sumsOfHash = (hash: string): string =>
  `sum(${hash})::text as h0, sum(hashint8extended(${hash}, 1))::text as h1`;
