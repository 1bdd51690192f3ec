import type { Readable } from 'node:stream';
import type { RunContext } from '../core/run-context.ts';

/** What a source needs of a run; a RunContext is one. */
export type SourceContext = Pick<RunContext, 'signal' | 'log' | 'clock'>;

export interface SourceProbe {
  /** For example `15.18`. */
  readonly productVersion: string;
  readonly database: string;
  /** What the server's files take; a dump is usually smaller. */
  readonly sizeBytes: number;
  /** Tool name → version of what `dump` would use. */
  readonly tools: Readonly<Record<string, string>>;
}

export interface TableRef {
  readonly schema: string;
  readonly name: string;
}

export interface DumpOptions {
  /** Null dumps every table but the excluded ones. */
  readonly tables: readonly string[] | null;
  readonly schemaOnly: boolean;
  /** Whether the dump compresses itself; `none` where a stage does that. */
  readonly compression: 'none' | 'gzip';
  /** Sees each chunk of the body as it is passed on. */
  tap?(chunk: Buffer): void;
}

export interface Dump extends AsyncDisposable {
  /**
   * Ends only after the dump has succeeded, otherwise errors; destroying it stops the dump. Connection loss errors it in
   * bounded time, even where no byte tells of it.
   */
  readonly body: Readable;
  /** The snapshot that dump and facts share; null where the server cannot export one. */
  readonly snapshot: string | null;
  /** The dumped tables, read in that snapshot. */
  readonly tables: readonly TableRef[];
  /** The patterns that were left out. */
  readonly excludedTables: readonly string[];
  /** About how many bytes `body` will have; null when nothing is known. */
  readonly estimateBytes: number | null;
}

/** Something to protect. Every implementation passes tests/contract/source.contract.ts. */
export interface Source {
  readonly kind: 'postgres';
  /** Cheap and read-only. Throws `source_unreachable`, `source_auth`, `config`, `tool_missing` or `tool_version`. */
  probe(ctx: SourceContext): Promise<SourceProbe>;
  /** Dispose of what it returns when `body` is done. Throws like `probe`, and `invalid` for a table that is not there. */
  dump(ctx: SourceContext, options: DumpOptions): Promise<Dump>;
}
