import type { HealthCheck, OverviewSource } from '../contracts/overview.ts';
import type { SourceKind } from '../core/source-kind.ts';
import { byGravity } from '../core/worst-state.ts';

export const kindWord: Record<SourceKind, string> = {
  postgres: 'PostgreSQL database',
  files: 'Files',
  sqlite: 'SQLite database',
  redis: 'Redis',
};
/** What each is, for who has to choose. */
export const kindShows: Record<SourceKind, string> = {
  postgres: 'Tables, rows and everything around them',
  files: 'A folder, a Docker volume, configuration or certificates',
  sqlite: 'One database file, also while it is written to',
  redis: 'Every key, as the server’s own snapshot',
};

const productWord: Record<SourceKind, string> = {
  postgres: 'PostgreSQL',
  files: 'tar',
  sqlite: 'SQLite',
  redis: 'Redis',
};
/** `PostgreSQL 15.18`; of files and SQLite what reads them. */
export const productText = (kind: SourceKind, version: string | null): string =>
  version === null ? productWord[kind] : `${productWord[kind]} ${version}`;

export const sourceStateWord: Record<NonNullable<OverviewSource['state']>, string> = {
  OK: 'Safe',
  WARNING: 'Needs attention',
  CRITICAL: 'Act now',
  UNKNOWN: 'Not certain',
};

/** What is wrong first with a source, and what to do about it; null where nothing is. */
export const worstCheckOf = (checks: readonly HealthCheck[], sourceId: string): HealthCheck | null =>
  checks
    .filter(({ source, state }) => source?.id === sourceId && state !== 'OK')
    .toSorted((a, b) => byGravity(a.state, b.state))[0] ?? null;
