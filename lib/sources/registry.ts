import type { Config } from '../platform/config.ts';
import type { BaseSource } from './base-source.ts';
import type { KeptCopiesServer } from './kept-copies.ts';
import { createBaseSource } from './postgres/base-source.ts';
import { createKeptCopiesServer } from './postgres/kept-copies.ts';
import { createLiveTarget } from './postgres/live-target.ts';
import { createPostgresSource } from './postgres/postgres-source.ts';
import { findRecoveryServer } from './postgres/recovery-server.ts';
import { createRestoreServer } from './postgres/target-server.ts';
import { createTablesTarget } from './postgres/tables-target.ts';
import type { RecoveryServer } from './recovery-server.ts';
import type { LiveTarget, RestoreServer, Source, SourceContext } from './source.ts';
import type { TablesTarget } from './tables-target.ts';

/** The only way to a source. Connects to nothing by itself. */
export function openSource(config: Config): Source {
  return createPostgresSource(config);
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
