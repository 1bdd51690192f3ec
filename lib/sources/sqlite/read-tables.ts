import { hash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { UnknownReason } from '../../contracts/facts.ts';
import type { SqliteLine, TableReading } from './sqlite-order.ts';

const ROWS_BETWEEN_BEATS = 5000;
/** Storage class and length, before each value. */
const HEAD_BYTES = 9;
const TAGS = { null: 0x4e, integer: 0x49, real: 0x52, text: 0x54, blob: 0x42 } as const;
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
      tell({ type: 'rows', name, rows: rowsOf(db, name), bytes });
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

/** Tells the rows of every table. */
export function countTables(db: DatabaseSync, tell: (line: SqliteLine) => void): void {
  for (const name of tablesOf(db)) {
    tell({ type: 'beat' });
    try {
      tell({ type: 'rows', name, rows: rowsOf(db, name), bytes: null });
    } catch (thrown) {
      tell({ type: 'rows', name, rows: null, bytes: null, problem: messageOf(thrown) });
    }
  }
}

const rowsOf = (db: DatabaseSync, name: string): number =>
  numberOf(db, `select count(*) as n from ${quoted(name)}`);

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
  const print = createRowPrint();
  let sum = 0n;
  let count = 0;
  for (const row of rows.iterate() as unknown as Iterable<readonly SQLOutputValue[]>) {
    sum = (sum + print(row)) & MODULUS_MASK;
    count += 1;
    if (count % ROWS_BETWEEN_BEATS === 0) beat();
  }
  return sum.toString(16).padStart(32, '0');
}

/** The first 16 bytes of a row's SHA-256: for each value one byte for its storage class, its length in eight bytes, and itself. */
function createRowPrint(): (row: readonly SQLOutputValue[]) => bigint {
  // One for all rows: making small ones takes longer than hashing them.
  let buffer = Buffer.alloc(64 * 1024);
  let at = 0;
  const begin = (tag: number, maxBytes: number): void => {
    if (at + HEAD_BYTES + maxBytes > buffer.length) {
      const larger = Buffer.alloc(2 * (at + HEAD_BYTES + maxBytes));
      buffer.copy(larger, 0, 0, at);
      buffer = larger;
    }
    buffer[at] = tag;
  };
  const end = (bytes: number): void => {
    buffer.writeUInt32BE(0, at + 1);
    buffer.writeUInt32BE(bytes, at + 5);
    at += HEAD_BYTES + bytes;
  };
  const add = (value: SQLOutputValue): void => {
    if (value === null) {
      begin(TAGS.null, 0);
      end(0);
    } else if (typeof value === 'string') {
      begin(TAGS.text, 3 * value.length);
      end(buffer.write(value, at + HEAD_BYTES, 'utf8'));
    } else if (typeof value === 'object') {
      begin(TAGS.blob, value.length);
      buffer.set(value, at + HEAD_BYTES);
      end(value.length);
    } else if (typeof value === 'bigint') {
      begin(TAGS.integer, 8);
      buffer.writeBigInt64BE(value, at + HEAD_BYTES);
      end(8);
    } else {
      begin(TAGS.real, 8);
      buffer.writeDoubleBE(value, at + HEAD_BYTES);
      end(8);
    }
  };
  return (row) => {
    at = 0;
    for (const value of row) add(value);
    const digest = hash('sha256', buffer.subarray(0, at), 'buffer');
    return (digest.readBigUInt64BE(0) << 64n) | digest.readBigUInt64BE(8);
  };
}
