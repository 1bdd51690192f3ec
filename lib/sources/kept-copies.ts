import type { SourceContext } from './source.ts';

/** A database or schema that a restore left, as it stands. */
export interface KeptSize {
  /** Null where the configured user may not look. */
  readonly sizeBytes: number | null;
  readonly connections: number;
}

/** What restores left on the source's server. Connects to nothing by itself. */
export interface KeptCopiesServer {
  /** Those of `names` that are there. */
  databases(ctx: SourceContext, names: readonly string[]): Promise<ReadonlyMap<string, KeptSize>>;
  /** Those of a database that are there and carry the mark of the restore with this id; none where the database is gone. */
  schemas(
    ctx: SourceContext,
    database: string,
    wanted: readonly { readonly name: string; readonly id: string }[],
  ): Promise<ReadonlyMap<string, KeptSize>>;
  /** Throws `conflict` with who is connected, `not_found` where it is gone; nobody is sent away. */
  dropDatabase(ctx: SourceContext, name: string): Promise<void>;
  /**
   * All or nothing. Throws `not_found` where it is gone or carries another mark, `conflict` where something outside is built on it,
   * `timeout` where somebody holds a lock on it.
   */
  dropSchema(
    ctx: SourceContext,
    need: { readonly database: string; readonly name: string; readonly id: string },
  ): Promise<void>;
}
