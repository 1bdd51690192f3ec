import type postgres from 'postgres';
import { quoteName, quoteTable } from './quote-name.ts';
import type { NumberingSequence } from './tables-catalog.ts';

interface Position {
  readonly last: string;
  readonly isCalled: boolean;
}

export const sequenceLabel = ({ schema, name }: Pick<NumberingSequence, 'schema' | 'name'>): string =>
  `${schema}.${name}`;

async function positionOf(sql: postgres.Sql, sequence: NumberingSequence): Promise<Position | null> {
  const [row] = await sql.unsafe<Position[]>(
    `select last_value::text as last, is_called as "isCalled" from ${quoteTable(sequence)}`,
  );
  return row ?? null;
}

/** What each gives out next, by its label. */
export async function readNextNumbers(
  sql: postgres.Sql,
  sequences: readonly NumberingSequence[],
): Promise<ReadonlyMap<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const sequence of sequences) {
    const position = await positionOf(sql, sequence);
    if (position !== null) found.set(sequenceLabel(sequence), nextOf(position, BigInt(sequence.increment)));
  }
  return found;
}

const nextOf = ({ last, isCalled }: Position, step: bigint): bigint => BigInt(last) + (isCalled ? step : 0n);

const further = (a: bigint, b: bigint, step: bigint): bigint => (step < 0n === a < b ? a : b);

/**
 * Moves each past every number of the backup's sequence and of its column, and never back: a number that was given out before must
 * not be given out again. Within the transaction, unlike setval. Returns in words what was moved, and what could not be.
 */
export async function moveSequences(
  sql: postgres.Sql,
  sequences: readonly NumberingSequence[],
  inBackup: ReadonlyMap<string, bigint>,
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const sequence of sequences) {
    const { increment, min, max, table, column } = sequence;
    const step = BigInt(increment);
    const label = sequenceLabel(sequence);
    // Changes nothing, and keeps others from drawing a number between the look and the move.
    await sql.unsafe(`alter sequence ${quoteTable(sequence)} increment by ${increment}`);
    const position = await positionOf(sql, sequence);
    if (position === null) continue;
    const now = nextOf(position, step);
    let next = further(now, inBackup.get(label) ?? now, step);
    if (column !== null) {
      const [row] = await sql.unsafe<{ extreme: string | null }[]>(
        `select ${step < 0n ? 'min' : 'max'}(${quoteName(column)})::text as extreme from ${quoteTable(table)}`,
      );
      if (row?.extreme != null) next = further(next, BigInt(row.extreme) + step, step);
    }
    if (next === now) continue;
    if (next > BigInt(max) || next < BigInt(min)) {
      told.push(`the sequence ${label} has no number left after ${String(next - step)}`);
      continue;
    }
    await sql.unsafe(`alter sequence ${quoteTable(sequence)} restart with ${String(next)}`);
    told.push(`the sequence ${label} goes on with ${String(next)}`);
  }
  return told;
}
