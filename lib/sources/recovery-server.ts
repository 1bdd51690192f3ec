/** The user that a server of ours runs as. */
export interface ServerIdentity {
  readonly uid: number;
  readonly gid: number;
}

/** How far a server is brought forward. `isExclusive`: it stops just before that, and not after it. */
export type RecoveryTarget =
  | { readonly kind: 'time'; readonly micros: number; readonly isExclusive: boolean }
  | { readonly kind: 'lsn'; readonly lsn: string; readonly isExclusive: boolean }
  | { readonly kind: 'xid'; readonly xid: string; readonly isExclusive: boolean }
  | { readonly kind: 'name'; readonly name: string }
  /** As far as the log goes. */
  | { readonly kind: 'latest' };

export interface RecoveryOrder {
  /** The unpacked base backup: a data folder of its own, which belongs to the server's user. */
  readonly folder: string;
  /** The superuser that initdb made. */
  readonly superuser: string;
  readonly walFolder: string;
  readonly timeline: number;
  readonly target: RecoveryTarget;
  /** It listens here on 127.0.0.1, when people start it. */
  readonly port: number;
}

export interface RecoveryEnd {
  /** What the server said of where it stopped; null where it went to the end of the log. */
  readonly stoppedAt: string | null;
  /** Of the last transaction that was replayed, in microseconds; null where there was none after the base backup. */
  readonly lastMicros: number | null;
}

export interface DatabaseRead {
  readonly database: string;
  readonly tables: readonly { readonly schema: string; readonly name: string; readonly rows: number }[];
  /** Why pages and indexes were not looked into; null where they were, and are sound. */
  readonly unchecked: string | null;
}

/** A server that has come to its target and been opened for writing. Disposing of it stops it. */
export interface RecoveredServer extends AsyncDisposable {
  readonly end: RecoveryEnd;
  /** Reads every table of every database to its end. Throws `verification_failed` for what cannot be read. */
  readEverything(): Promise<readonly DatabaseRead[]>;
}

/** The server programs of one major on this machine, and the user to run them as; for one recovery. */
export interface RecoveryServer {
  /** For example `15.18`. */
  readonly version: string;
  /** Null where this process need not change users. */
  readonly identity: ServerIdentity | null;
  /** Null where it is not installed. */
  readonly pgWaldump: string | null;
  /**
   * Makes the folder where it is not there, for the server's user alone. Throws `target_not_empty` or `config`. `remove` takes away
   * whatever came into it since, and the folder where it was not there.
   */
  claim(folder: string): Promise<{ remove(): Promise<void> }>;
  /** Throws `config` unless the server's user may read this file. */
  needReadable(file: string): Promise<void>;
  /** Holds the unpacked files against the manifest of pg_basebackup. Throws `integrity`; false where the program is missing. */
  verifyFiles(folder: string): Promise<boolean>;
  /**
   * Replays, promotes, and answers on a socket in the folder alone: nobody comes across it by mistake, and neither does it archive
   * anything. `restored` hears of each segment. Throws `restore_failed` with what the server said; no process is left then, even where
   * this one is killed.
   */
  recover(order: RecoveryOrder, restored: (segment: string) => void): Promise<RecoveredServer>;
  /**
   * Once it has stopped: the settings with which people run it, without those of the recovery; and its timeline is archived as soon as
   * it archives at all.
   */
  settle(order: RecoveryOrder): Promise<void>;
  /** Starts it, to outlive this process. Throws `verification_failed` where it does not come up. */
  start(folder: string): Promise<void>;
  /** Shell commands to start and to stop it, for people. */
  commands(folder: string): { readonly start: string; readonly stop: string };
}
