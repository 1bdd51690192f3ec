/** What a source may be. Everything that only PostgreSQL has (tables, swapping databases) asks for `postgres` first. */
export const SOURCE_KINDS = ['postgres', 'files', 'sqlite', 'redis'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];
