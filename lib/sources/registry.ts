import type { SourceKind } from '../core/source-kind.ts';
import type { Config } from '../platform/config.ts';
import type { BaseSource } from './base-source.ts';
import type { KeptCopiesServer } from './kept-copies.ts';
import { compareTrees, type Taken, type TreeDifferences } from './files/compare-trees.ts';
import { createFilesSource } from './files/files-source.ts';
import { createFilesCopy } from './files/files-copy.ts';
import { createBaseSource } from './postgres/base-source.ts';
import { createKeptCopiesServer } from './postgres/kept-copies.ts';
import { createLiveTarget } from './postgres/live-target.ts';
import { openPathScratch } from './path-scratch.ts';
import { createPostgresSource } from './postgres/postgres-source.ts';
import { findRecoveryServer } from './postgres/recovery-server.ts';
import { createRestoreServer } from './postgres/target-server.ts';
import { createTablesTarget } from './postgres/tables-target.ts';
import type { RecoveryServer } from './recovery-server.ts';
import { createRedisCopy } from './redis/redis-copy.ts';
import { createRedisSource } from './redis/redis-source.ts';
import { countRows } from './sqlite/count-rows.ts';
import { createSqliteCopy } from './sqlite/sqlite-copy.ts';
import { createSqliteSource } from './sqlite/sqlite-source.ts';
import type {
  LiveTarget,
  PathCopy,
  PostgresSource,
  RestoreServer,
  Scratch,
  ScratchContext,
  ScratchNeed,
  Source,
  SourceContext,
} from './source.ts';
import type { TablesTarget } from './tables-target.ts';

/** The only way to a source. Connects to nothing by itself. */
export function openSource(config: Config): Source {
  switch (config.protects.kind) {
    case 'postgres':
      return createPostgresSource(config);
    case 'files':
      return createFilesSource(config, config.protects);
    case 'sqlite':
      return createSqliteSource(config.protects);
    case 'redis':
      return createRedisSource(config, config.protects);
  }
}

/** The server of the PostgreSQL source. Connects to nothing by itself. */
export function openPostgres(config: Config): PostgresSource {
  return createPostgresSource(config);
}

/** How a backup of this kind becomes a path again. */
export function openPathCopy(config: Config, kind: Exclude<SourceKind, 'postgres'>): PathCopy {
  switch (kind) {
    case 'files':
      return createFilesCopy(config);
    case 'sqlite':
      return createSqliteCopy();
    case 'redis':
      return createRedisCopy(config);
  }
}

/** What taking a copy of files into use would change in what is live. Throws like a probe. */
export const compareFileTrees = (
  ctx: Pick<SourceContext, 'signal'>,
  copy: string,
  live: string,
  taken?: Taken,
): Promise<TreeDifferences> => compareTrees(ctx, copy, live, taken);

/** Rows of the tables of a SQLite database that may be in use; null where a table cannot be read. Throws like a probe. */
export const countSqliteRows = (
  ctx: Pick<SourceContext, 'signal'>,
  path: string,
): Promise<ReadonlyMap<string, number | null>> => countRows(ctx, path);

/** A place to restore this backup in, whatever kind of source its manifest names. Null when there is none: why is reported as a check. */
export function openScratch(config: Config, ctx: ScratchContext, need: ScratchNeed): Promise<Scratch | null> {
  const { kind } = need.manifest.source;
  return kind === 'postgres'
    ? createPostgresSource(config).openScratch(ctx, need)
    : openPathScratch(openPathCopy(config, kind), ctx, need);
}

/** A database of the source's server to restore into where it stands. Connects to nothing by itself. */
export function openLiveTarget(config: Config, database: string): LiveTarget {
  return createLiveTarget(config, database);
}

/** The source's server as the place of restored databases. Connects to nothing by itself. */
export function openRestoreServer(config: Config): RestoreServer {
  return createRestoreServer(config);
}

/** Where chosen tables of a restored copy go. Connects to nothing by itself. */
export function openTablesTarget(config: Config): TablesTarget {
  return createTablesTarget(config);
}

/** What restores left on the source's server. Connects to nothing by itself. */
export function openKeptCopies(config: Config): KeptCopiesServer {
  return createKeptCopiesServer(config);
}

/** The source's whole server, copied as its files. Connects to nothing by itself. */
export function openBaseSource(config: Config): BaseSource {
  return createBaseSource(config);
}

/** Programs of this machine that bring an unpacked base backup to life. Throws `tool_missing` where none is of this major. */
export function openRecoveryServer(
  config: Config,
  ctx: SourceContext,
  major: number,
): Promise<RecoveryServer> {
  return findRecoveryServer(config, ctx, major);
}
