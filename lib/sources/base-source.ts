import type { Readable } from 'node:stream';
import type { BaseManifest } from '../contracts/base-manifest.ts';
import type { LogArchiving } from './log-archiving.ts';
import type { SourceContext } from './source.ts';

export interface BaseProbe {
  readonly server: BaseManifest['server'];
  /** What the server's databases take. */
  readonly sizeBytes: number;
  /** Tool name → version of what `dump` would use. */
  readonly tools: Readonly<Record<string, string>>;
  /** Why no later instant than the end of this base backup could be recovered, in words; null where the log is archived. */
  readonly archivingFlaw: string | null;
}

export interface BaseDump extends AsyncDisposable {
  /** A tar of the data folder with the log of the time it took. Ends only after the backup succeeded; destroying it stops it. */
  readonly body: Readable;
  /** Once `body` has ended. */
  finish(): Promise<Pick<BaseManifest, 'wal' | 'endedAt'>>;
}

/** A whole server, copied as its files. Connects to nothing by itself. */
export interface BaseSource {
  /**
   * Cheap and read-only. Throws like the `probe` of a source, `tool_version` below PostgreSQL 13, and `config` for a standby and for
   * a server with tablespaces of its own.
   */
  probe(ctx: SourceContext): Promise<BaseProbe>;
  /** Cheap and read-only, of a standby too; needs no program. Throws like the `probe` of a source. */
  archiving(ctx: SourceContext): Promise<LogArchiving>;
  /** Dispose of what it returns when `body` is done. */
  dump(ctx: SourceContext): Promise<BaseDump>;
}
