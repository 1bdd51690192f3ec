import { rowHash, sumsOfHash } from './row-hash.ts';
import { rowText, sumOfHashes, type PrintedColumn } from './row-print.ts';

/** 1: hashes of printed rows. 2: hashes of rows in binary form, which cost less (docs/format.md). */
const FIRST_MAJOR: Readonly<Record<number, number>> = { 1: 0, 2: 14 };

/** Whether a server of this major version can take fingerprints of this version; of one that is not known here none can. */
export const takesFingerprint = (version: number, major: number): boolean =>
  major >= (FIRST_MAJOR[version] ?? Infinity);

/** What a server of this major version takes where it is free to choose: for a new backup, or between two tables of its own. */
export const newestFingerprint = (major: number): number => (takesFingerprint(2, major) ? 2 : 1);

export interface FingerprintSql {
  /** Stands for one row, as `p`; inside a subquery with `offset 0`, or the planner would compute it once for each half. */
  readonly row: string;
  /** `h0` and `h1`, over these rows. */
  readonly sums: string;
}

/** Needs the settings that facts are taken with. */
export const fingerprintSql = (
  version: number,
  columns: readonly PrintedColumn[],
  isOneByte: boolean,
): FingerprintSql =>
  version === 1
    ? { row: `${rowText(columns, isOneByte)} as p`, sums: sumOfHashes('p') }
    : { row: `${rowHash(columns, isOneByte)} as p`, sums: sumsOfHash('p') };
