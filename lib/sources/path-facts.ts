import type { Facts } from '../contracts/facts.ts';

/** The facts of a backup of which only these are known: all others are what a PostgreSQL server has. */
export const pathFacts = (own: Partial<Facts>): Facts => ({
  tableCount: 0,
  tables: [],
  fingerprintVersion: 1,
  sequences: null,
  largeObjects: null,
  objects: null,
  unknownObjects: {},
  database: null,
  roles: null,
  files: null,
  keys: null,
  durationMs: null,
  ...own,
});
