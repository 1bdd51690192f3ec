/** What a source may be. Everything that only PostgreSQL has (a choice of tables, swapping databases) asks for `postgres` first. */
export const SOURCE_KINDS = ['postgres', 'files', 'sqlite', 'redis'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Whether its backups count the rows of tables. */
export const hasTables = (kind: SourceKind): boolean => kind === 'postgres' || kind === 'sqlite';
