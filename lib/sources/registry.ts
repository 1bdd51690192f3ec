import type { Config } from '../platform/config.ts';
import type { KeptCopiesServer } from './kept-copies.ts';
import { createKeptCopiesServer } from './postgres/kept-copies.ts';
import { createLiveTarget } from './postgres/live-target.ts';
import { createPostgresSource } from './postgres/postgres-source.ts';
import { createRestoreServer } from './postgres/target-server.ts';
import { createTablesTarget } from './postgres/tables-target.ts';
import type { LiveTarget, RestoreServer, Source } from './source.ts';
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
