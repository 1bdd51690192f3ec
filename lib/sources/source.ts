import type { Readable } from 'node:stream';
import type { DatabaseFact, Facts, TableFact } from '../contracts/facts.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestoreLook } from '../contracts/restore.ts';
import type { Check, ScratchPlace, VerificationPolicy } from '../contracts/verification.ts';
import type { AppError } from '../core/errors.ts';
import type { SourceKind } from '../core/source-kind.ts';
import type { RunContext } from '../core/run-context.ts';

/** What a source needs of a run; a RunContext is one. */
export type SourceContext = Pick<RunContext, 'signal' | 'log' | 'clock'>;

/** What a dump needs of a run besides: a folder of its own, where a program insists on a file. */
export type DumpContext = SourceContext & Pick<RunContext, 'workDir'>;

export interface SourceProbe {
  /** For example `15.18`. */
  readonly productVersion: string;
  /** The database; of files and SQLite the path, of Redis the address. */
  readonly database: string;
  /** What the server's files take; a dump is usually smaller. */
  readonly sizeBytes: number;
  /** Tool name → version of what `dump` would use. */
  readonly tools: Readonly<Record<string, string>>;
}

/** What a source is to the user it is opened as. */
export interface SourceLook extends Pick<SourceProbe, 'productVersion' | 'sizeBytes'> {
  readonly isSuperuser: boolean;
  /** Tables and sequences a dump would have that this user may not read, as `schema.name`. */
  readonly forbidden: readonly string[];
}

export interface ServerDatabase {
  readonly name: string;
  readonly sizeBytes: number | null;
}

export type TableRef = Pick<TableFact, 'schema' | 'name'>;

/** Which facts a dump takes beside the exact row counts, which it always takes. */
export interface FactsPolicy {
  readonly takesFingerprints: boolean;
  /** A table with a larger heap gets no fingerprint, but `too-large`. */
  readonly fingerprintMaxBytes: number;
}

export interface DumpOptions {
  /** Null dumps every table but the excluded ones. */
  readonly tables: readonly string[] | null;
  readonly schemaOnly: boolean;
  /** Whether the dump compresses itself; `none` where a stage does that. */
  readonly compression: 'none' | 'gzip';
  readonly facts: FactsPolicy;
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
  /**
   * What a restored copy must show, taken in the dump's snapshot while it runs. Call it once `body` has ended: it waits
   * for what is still being read, within a limit. Never throws for a fact that cannot be had, which becomes a named
   * UNKNOWN: a good dump must not fail for what is only said about it. Throws the abort reason when cancelled.
   */
  facts(): Promise<Facts>;
  /** The patterns that were left out. */
  readonly excludedTables: readonly string[];
  /** About how many bytes `body` will have, as is known before it begins; null when nothing is. */
  readonly estimateBytes: number | null;
  /** A better estimate, where one is had only while it runs; null where it could not be had after all. Never rejects. */
  readonly measuredBytes?: Promise<number | null>;
}

/** An empty database made for one verification, and gone when disposed; what a crash leaves, `sweepScratch` finds. */
export interface Scratch extends AsyncDisposable {
  readonly place: ScratchPlace;
  /** The server's version, for example `15.18`. */
  readonly productVersion: string;
  readonly database: string;
  /**
   * Restores the plain dump in `file`, a seekable file. Reports what pg_restore said that matters, and returns how long it
   * took; null when it failed, which is then a FAILED check where the archive is at fault, and an UNKNOWN one where this place
   * is (a missing extension or role, a full disk, a killed server).
   */
  restore(ctx: ScratchContext, file: string): Promise<{ readonly restoreMs: number } | null>;
  /** Compares the restored copy with every fact, validates its keys, reads it all, and runs the configured SQL checks. */
  compare(ctx: ScratchContext, policy: VerificationPolicy): Promise<void>;
}

export interface ScratchContext extends SourceContext {
  /** Each check as soon as it is judged, with the error that tells code and hint where it did not pass for a reason of its own. */
  report(check: Check, error?: AppError): void;
  /** One event for the log of the verification. Never a secret. */
  say(line: string): void;
}

/** Something to protect. Every implementation passes tests/contract/source.contract.ts. */
export interface Source {
  readonly kind: SourceKind;
  /** Cheap and read-only. Throws `source_unreachable`, `source_auth`, `config`, `tool_missing` or `tool_version`. */
  probe(ctx: SourceContext): Promise<SourceProbe>;
  /** Cheap and read-only, for a person who asks. Throws like `probe`, but needs no tool. */
  look(ctx: SourceContext): Promise<SourceLook>;
  /** Dispose of what it returns when `body` is done. Throws like `probe`, and `invalid` for a table that is not there. */
  dump(ctx: DumpContext, options: DumpOptions): Promise<Dump>;
}

/** What only a PostgreSQL source can do besides. */
export interface PostgresSource extends Source {
  /** Every database of its server that this user may connect to, by name. Throws like `look`. */
  databases(ctx: SourceContext): Promise<readonly ServerDatabase[]>;
  /**
   * A place to restore this backup in: an ephemeral cluster of the matching major in `folder`, else the configured
   * verification server, else the source's server where the configuration allows it. `id` names it, so that a sweep knows whose it
   * is. Checks versions and free space before anything starts. Null when there is no such place: why is reported as a check.
   */
  openScratch(ctx: ScratchContext, need: ScratchNeed): Promise<Scratch | null>;
  /**
   * Stops and removes scratch that no living verification holds: clusters under BACKUP_VERIFY_DIR and `…_verify_…` databases
   * that carry the id of a verification `isHeld` does not know. Returns how many. Safe to repeat.
   */
  sweepScratch(ctx: SourceContext, isHeld: (id: string) => boolean): Promise<number>;
}

export interface ScratchNeed {
  readonly id: string;
  /** Of this verification alone, and removed with it. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What of a backup a copy at a path is to hold. */
export interface PathScope {
  /** Of `files`: these entries (and what is below them) and no others; null for all. */
  readonly paths: readonly string[] | null;
  /** The plain dump, which tells what a choice of entries is to be compared with; needed where `paths` is not null. */
  readonly dump?: string;
}

/**
 * How a backup of files, SQLite or Redis becomes a path of this machine again: a folder or file, a database file, an RDB file. A
 * verification, a restore and the scripts all use this one.
 */
export interface PathCopy {
  /**
   * Makes `at` out of the plain dump in `file`, a seekable file. `at` must not be there; its folder must. Durable when it resolves.
   * Throws `restore_failed` where the archive is at fault, `storage_full`, or the reason of the signal; what it made then is for
   * the caller to remove.
   */
  fill(ctx: ScratchContext, file: string, at: string, scope: PathScope): Promise<void>;
  /**
   * Holds every fact of the manifest against what stands at `at`, and reports each check. What this user may not restore (owners,
   * where it is not root) is UNKNOWN and not required. With a scope, only what the scope leaves of the facts.
   */
  compare(ctx: ScratchContext, at: string, manifest: Manifest, scope: PathScope): Promise<void>;
}

/** What stands under a database's name before anything is restored there. */
export interface TargetState {
  readonly exists: boolean;
  /** The server's version, for example `15.18`. */
  readonly productVersion: string;
  readonly major: number;
  readonly sizeBytes: number;
  readonly tables: readonly (Pick<TableFact, 'schema' | 'name' | 'kind'> & { readonly bytes: number })[];
  /** Every role of the server. */
  readonly roles: readonly string[];
  readonly isSuperuser: boolean;
  /** Clients that are connected to it now. */
  readonly otherConnections: number;
}

/** A database of the source's server, there or not, that is restored into where it stands. */
export interface LiveTarget {
  readonly database: string;
  look(ctx: SourceContext): Promise<TargetState>;
  /** An empty database, like the source's where `fact` tells of that; returns why it is not, or null. */
  create(ctx: SourceContext, fact: DatabaseFact | null, major: number): Promise<string | null>;
  drop(ctx: SourceContext): Promise<void>;
  /** Changes where one of `tables` was made, replaced or dropped, and with nothing else. */
  mark(ctx: SourceContext, tables: readonly TableRef[]): Promise<string>;
  /** Those of `tables` that have rows. */
  holdRows(ctx: SourceContext, tables: readonly TableRef[]): Promise<readonly TableRef[]>;
  /** By `schema.name`, all in one snapshot; a table that is not there is left out. */
  countRows(ctx: SourceContext, tables: readonly TableRef[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Runs pg_restore with `args` over the plain dump in `file`, and tells each line it says where `tell` asks for that. Throws
   * `restore_failed` with what stopped it; also where other clients keep it waiting for a lock for a minute, of which `say` tells
   * before. Throws the reason of the signal.
   */
  restore(
    ctx: SourceContext,
    run: {
      readonly program: string;
      readonly args: readonly string[];
      readonly file: string;
      readonly tell?: (line: string) => void;
    },
    say: (line: string) => void,
  ): Promise<void>;
  /** Ends what an interrupted `restore` left running on the server, and waits until it has gone. */
  settle(ctx: SourceContext): Promise<void>;
}

/** What a preview asks the server: the target as it stands, and what a restored copy needs there. */
export interface ServerLook extends TargetState {
  readonly mayCreateDatabases: boolean;
  /** Whether the target, where there is one, may be given another name. */
  readonly mayExchange: boolean;
  /** Extensions that can be created there. */
  readonly extensions: readonly string[];
  /** Of the target's disk; null where the server's files are not on this machine, or cannot be looked at. */
  readonly freeBytes: number | null;
  /** What would keep the target from being exchanged, each in words: prepared transactions, replication slots, subscriptions. */
  readonly holds: readonly string[];
  /** Roles with clients in the target whom this user may not send away. */
  readonly strangers: readonly string[];
}

/** What of a backup a copy is to show. */
export interface CopyScope {
  readonly isChosen: boolean;
  readonly isSchemaOnly: boolean;
  /** By kind of check, why this copy cannot show it. */
  readonly incomparable: Readonly<Record<string, string>>;
  /** What is not in the backup was there before: it is named, and no fault. Default false. */
  readonly keepsOthers?: boolean;
}

/** Three names of which one is taken: `live` is put aside as `kept`, and `next` gets its name. */
export interface Exchange {
  readonly live: string;
  readonly next: string;
  readonly kept: string;
  /** Give `next` the owner, grants, settings, connection limit and comment of `live`. */
  readonly carriesProperties: boolean;
}

/** The source's server, where restored databases are made, compared and exchanged. Connects to nothing by itself. */
export interface RestoreServer {
  look(ctx: SourceContext, database: string): Promise<ServerLook>;
  /** Those of `names` that are there, with the id that marks them; null where none does. */
  existing(ctx: SourceContext, names: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /**
   * An empty database, like the source's where `fact` tells of that, marked with `id`. Returns why it is not like the source's, or
   * null. Throws `target_not_empty` where the name is taken.
   */
  create(
    ctx: SourceContext,
    need: { readonly database: string; readonly id: string; readonly fact: DatabaseFact | null },
  ): Promise<string | null>;
  /** Creates what is not there: a backup of chosen tables does not carry their schemas. */
  createSchemas(ctx: SourceContext, database: string, schemas: readonly string[]): Promise<void>;
  /** Drops a copy, whoever looks at it; one that carries another mark than `id` stays. Does nothing where it is gone. */
  drop(ctx: SourceContext, need: { readonly database: string; readonly id: string }): Promise<void>;
  /** Runs pg_restore with `args`, and tells each line it says. Throws `restore_failed` with what stopped it. */
  restore(
    ctx: SourceContext,
    run: {
      readonly database: string;
      readonly program: string;
      readonly args: readonly string[];
      readonly file: string;
    },
    tell: (line: string) => void,
  ): Promise<void>;
  /** Holds every fact against the copy. */
  compare(ctx: SourceContext, database: string, facts: Facts, scope: CopyScope): Promise<readonly Check[]>;
  /** Ends whoever is connected to it. Throws `target_not_empty` where `to` is taken. */
  rename(ctx: SourceContext, from: string, to: string): Promise<void>;
  /**
   * Puts the one in the place of the other, both renames in one transaction, after everybody who is connected was sent away.
   * Where it throws, everything is as before and connections are let in: `conflict` for what holds the database, `timeout` where
   * somebody would not go, `source_auth` where this user may not send somebody away. Returns how long connections were refused, by a client that went on connecting.
   */
  exchange(ctx: SourceContext, exchange: Exchange): Promise<{ readonly interruptionMs: number }>;
  /** Lets connections in again where an interrupted exchange left them locked out. */
  reopen(ctx: SourceContext, databases: readonly string[]): Promise<void>;
  /** What stands in `database`, read-only and within seconds. */
  lookInto(
    ctx: SourceContext,
    database: string,
    liveDatabase: string | null,
    sample: TableRef | null,
  ): Promise<RestoreLook>;
}
