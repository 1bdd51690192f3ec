import { hash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { UnknownReason } from '../../contracts/facts.ts';
import type { SqliteLine, TableReading } from './sqlite-order.ts';

const ROWS_BETWEEN_BEATS = 5000;
const MODULUS_MASK = (1n << 128n) - 1n;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : 'unknown');

/**
 * Tells every table of a database that nobody changes, then their rows and sizes, then their fingerprints (docs/format.md), each as soon as it
 * is known. A table that cannot be read is told with why; the others are read all the same.
 */
export function readTables(
  db: DatabaseSync,
  { takesFingerprints, fingerprintMaxBytes }: TableReading,
  tell: (line: SqliteLine) => void,
): void {
  const names = tablesOf(db);
  tell({ type: 'tables', names });
  const sizes = new Map<string, number | null>();
  for (const name of names) {
    tell({ type: 'beat' });
    const bytes = bytesOf(db, name);
    sizes.set(name, bytes);
    try {
      tell({ type: 'rows', name, rows: numberOf(db, `select count(*) as n from ${quoted(name)}`), bytes });
    } catch (thrown) {
      tell({ type: 'rows', name, rows: null, bytes, problem: messageOf(thrown) });
    }
  }
  for (const name of names) {
    const without = (unknown: UnknownReason, problem?: string): void => {
      tell({
        type: 'fingerprint',
        name,
        fingerprint: null,
        unknown,
        ...(problem === undefined ? {} : { problem }),
      });
    };
    if (!takesFingerprints) without('switched-off');
    else if ((sizes.get(name) ?? 0) > fingerprintMaxBytes) without('too-large');
    else {
      try {
        const fingerprint = fingerprintOf(db, name, () => {
          tell({ type: 'beat' });
        });
        tell({ type: 'fingerprint', name, fingerprint, unknown: null });
      } catch (thrown) {
        without('query-failed', messageOf(thrown));
      }
    }
  }
}

/** Those that hold rows of their own, by name: without views, virtual tables (theirs lie in shadow tables) and SQLite's own. */
function tablesOf(db: DatabaseSync): string[] {
  return db
    .prepare(
      `select name from pragma_table_list
       where schema = 'main' and type in ('table', 'shadow') and name not like 'sqlite\\_%' escape '\\' order by name`,
    )
    .all()
    .map(({ name }) => String(name));
}

function bytesOf(db: DatabaseSync, name: string): number | null {
  try {
    return numberOf(db, 'select sum(pgsize) as n from dbstat where name = ? and aggregate = true', name);
  } catch {
    return null;
  }
}

function numberOf(db: DatabaseSync, sql: string, ...values: string[]): number {
  const n = db.prepare(sql).get(...values)?.['n'];
  if (typeof n !== 'number') throw new Error('no number');
  return n;
}

function fingerprintOf(db: DatabaseSync, name: string, beat: () => void): string {
  const rows = db.prepare(`select * from ${quoted(name)}`);
  rows.setReturnArrays(true);
  // Else an integer above 2^53 is an error, and 1 and 1.0 are the same.
  rows.setReadBigInts(true);
  let sum = 0n;
  let count = 0;
  for (const row of rows.iterate() as unknown as Iterable<readonly SQLOutputValue[]>) {
    const digest = hash('sha256', Buffer.concat(row.flatMap(encode)), 'buffer');
    sum = (sum + ((digest.readBigUInt64BE(0) << 64n) | digest.readBigUInt64BE(8))) & MODULUS_MASK;
    count += 1;
    if (count % ROWS_BETWEEN_BEATS === 0) beat();
  }
  return sum.toString(16).padStart(32, '0');
}

/** One byte for the storage class, the length in eight bytes, and the value. */
function encode(value: SQLOutputValue): Uint8Array[] {
  const tagged = (tag: string, bytes: Uint8Array): Uint8Array[] => {
    const head = Buffer.alloc(9);
    head.write(tag, 'latin1');
    head.writeBigUInt64BE(BigInt(bytes.length), 1);
    return [head, bytes];
  };
  if (value === null) return tagged('N', Buffer.alloc(0));
  if (typeof value === 'string') return tagged('T', Buffer.from(value, 'utf8'));
  if (typeof value === 'object') return tagged('B', value);
  const number = Buffer.alloc(8);
  if (typeof value === 'bigint') {
    number.writeBigInt64BE(value);
    return tagged('I', number);
  }
  number.writeDoubleBE(value);
  return tagged('R', number);
}
