import type { Facts } from '../contracts/facts.ts';
import type { TablesInto } from '../contracts/restore.ts';
import type { Check } from '../contracts/verification.ts';
import type { SourceContext, TableRef } from './source.ts';

export interface ColumnLook {
  readonly name: string;
  /** As the server prints it, with its schema where that is not `pg_catalog`. */
  readonly type: string;
  /** Must be given: not null, and neither default, identity nor generated. */
  readonly isRequired: boolean;
  /** Computed by the server; rows come without it. */
  readonly isGenerated: boolean;
}

/** A table as it stands in a database, and what hangs on it. */
export interface TableLook extends TableRef {
  readonly kind: 'table' | 'partitioned' | 'foreign' | 'other';
  /** The server's estimate; of a partitioned table the sum over its partitions. */
  readonly estimatedRows: number;
  readonly bytes: number;
  readonly columns: readonly ColumnLook[];
  /** Of its primary key, or else of a unique key that is never null; empty where there is none. */
  readonly key: readonly string[];
  /** The configured user is its owner, or as good as one. */
  readonly isOwned: boolean;
  /** Row security hides rows from the configured user. */
  readonly hidesRows: boolean;
  readonly triggers: readonly string[];
  /** Foreign keys of its own, and of other tables that point at it: `orders.orders_customer_fkey`. */
  readonly keysOut: readonly string[];
  readonly keysIn: readonly string[];
  readonly views: readonly string[];
  readonly materializedViews: readonly string[];
  readonly sequences: readonly string[];
}

export interface TablesLook {
  /** Triggers and foreign keys can be silenced for a transaction: `session_replication_role` may be set. */
  readonly maySilence: boolean;
  /** Those that are there. */
  readonly tables: readonly TableLook[];
  /** Their columns as the facts have them: a hash of the definition by name (`public.items."a b"`). */
  readonly columnPrints: ReadonlyMap<string, string>;
}

/** A table of a copy on its way into the live database. */
export interface ComingTable extends TableRef {
  /** What it is called in a schema of its own. */
  readonly sideName: string;
}

export interface TablesOrder {
  /** The restore's id, which marks what it makes. */
  readonly id: string;
  /** The database with the copy. */
  readonly copy: string;
  readonly live: string;
  readonly into: TablesInto;
  /** Where the tables stand as the backup has them: to stay there, or until they are in the live ones. */
  readonly sideSchema: string;
  /** Where rows are kept that are replaced, or the keys of those that were added; it is the mark that it was done. */
  readonly keepSchema: string;
  readonly tables: readonly ComingTable[];
  /** A psql beside this program is preferred to another. */
  readonly program: string;
}

/** What was done with one table. */
export interface BroughtTable extends TableRef {
  readonly sideName: string;
  readonly wasCreated: boolean;
  /** Of the backup. */
  readonly rows: number;
  /** Live rows that were taken away and kept, or were there already. */
  readonly before: number;
  /** Rows that are new: all of the backup's where they replaced others. */
  readonly added: number;
  /** Rows of the backup that another unique key has kept out. */
  readonly refused: number;
}

/** Statements that make tables which are not there: before their rows come, and after. */
export interface CreationSql {
  readonly before: string;
  readonly after: string;
}

/** Rows that were replaced, on their way back. */
export interface TablesUndo {
  /** The restore's id, which marks what it kept. */
  readonly id: string;
  readonly live: string;
  /** Where the rows are that come back. */
  readonly keepSchema: string;
  /** Where the rows are kept then that stand in the live tables now; it is the mark that it was done. */
  readonly undoneSchema: string;
  /** What was written since the restore is kept there as well, instead of stopping it. */
  readonly acceptsChanges: boolean;
}

/** A live table that is not as the restore left it. */
export interface ChangedTable extends TableRef {
  readonly leftRows: number;
  readonly liveRows: number;
}

export type TablesUndoResult =
  | { readonly state: 'undone'; readonly tables: readonly BroughtTable[] }
  /** Nothing was done. */
  | { readonly state: 'changed'; readonly tables: readonly ChangedTable[] };

/** Chosen tables of a copy on their way into a live database of the same server. Connects to nothing by itself. */
export interface TablesTarget {
  /** Changes nothing. */
  look(ctx: SourceContext, database: string, tables: readonly TableRef[]): Promise<TablesLook>;
  /** Holds the rows of `tables` and the sequences that number them against the facts. */
  compare(
    ctx: SourceContext,
    database: string,
    facts: Facts,
    tables: readonly TableRef[],
  ): Promise<readonly Check[]>;
  /**
   * Puts the tables as the copy has them into the side schema of the live database, row by row the same, under a mark that says that
   * they are on their way. Throws `conflict` where a schema of that name is there. Throws the reason of the signal.
   */
  stage(
    ctx: SourceContext,
    order: TablesOrder,
    tell: (table: ComingTable, done: number) => void,
  ): Promise<void>;
  /**
   * The rest in one transaction: a side schema that stays gets its last mark; else the staged rows replace the live ones, or are
   * added to them, keys and counts are held, sequences moved on, materialized views refreshed, and the staged tables go. Throws
   * `conflict` where the rows do not go together with the others or the tables are not alike, `timeout` where somebody holds a
   * lock, `restore_failed`; whatever it throws, `settle` says whether it was done.
   */
  bring(
    ctx: SourceContext,
    order: TablesOrder,
    /** Asked for what is not there. */
    creation: (missing: readonly TableRef[]) => Promise<CreationSql>,
    tell: (table: ComingTable, done: number) => void,
    say: (line: string) => void,
  ): Promise<readonly BroughtTable[]>;
  /**
   * Puts the rows back that a restore replaced, in one transaction and with all that `bring` holds; those that stand there now are kept
   * in a schema of their own. Does nothing where a live table is not as the restore left it, unless that is accepted. Throws
   * `object_missing` where what was kept is gone, and else as `bring` does; `settle` says whether it was done.
   */
  undo(
    ctx: SourceContext,
    undo: TablesUndo,
    tell: (table: TableRef, done: number, count: number) => void,
    say: (line: string) => void,
  ): Promise<TablesUndoResult>;
  /**
   * Ends what an interrupted restore left running, drops what it had staged, and tells whether the tables were brought: for good
   * then, and else not at all. Safe to repeat.
   */
  settle(
    ctx: SourceContext,
    order: Pick<TablesOrder, 'id' | 'live' | 'sideSchema' | 'keepSchema'>,
  ): Promise<{ readonly isDone: boolean }>;
}
