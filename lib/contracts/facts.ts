import { z } from 'zod';

/** Why a fact is not known. A fact is either known exactly or UNKNOWN with one of these; it is never a guess. */
export const UNKNOWN_REASONS = [
  /** The manifest was made by a version that did not take this fact. */
  'not-recorded',
  /** A backup without rows. */
  'schema-only',
  /** The policy says not to take it. */
  'switched-off',
  /** Larger than the policy's ceiling. */
  'too-large',
  /** The backup user may not read it. */
  'permission',
  /** The server could not export a snapshot, so nothing could be read in the dump's own instant. */
  'no-snapshot',
  /** A foreign table: its rows live elsewhere, and the dump holds its definition only. */
  'foreign-table',
  /** An unlogged table of a standby: its rows are not there, and the dump holds its definition only. */
  'unlogged-on-standby',
  /** Reading it would have held up the backup for too long. */
  'time-limit',
  /** It moved in a way that leaves its value in the dump open (a sequence that wrapped around while it was dumped). */
  'moved',
  /** The server of a copy cannot compute the fingerprint of the version that the manifest names. */
  'unsupported',
  /** The query failed; the log of the worker says why. */
  'query-failed',
] as const;
export const UnknownReason = z.enum(UNKNOWN_REASONS);
export type UnknownReason = z.infer<typeof UnknownReason>;

/** 32 hexadecimal digits; how it is computed stands in docs/format.md. */
const Fingerprint = z.string().regex(/^[0-9a-f]{32}$/);

export const TableFact = z.object({
  schema: z.string(),
  name: z.string(),
  /** `partitioned`: rows and fingerprint are the sums over its dumped partitions, which are listed too. */
  kind: z.enum(['table', 'partitioned', 'foreign']).default('table'),
  /** Exact, in the dump's snapshot. Null when not known. */
  rows: z.number().int().nonnegative().nullable().default(null),
  /** Of all rows, whatever their order. Null when not known. */
  fingerprint: Fingerprint.nullable().default(null),
  /** Why `rows`, or where those are known `fingerprint`, is null; null when both are known. */
  unknown: UnknownReason.nullable().default('not-recorded'),
  /** Bytes of its heap and TOAST at the source, without indexes. */
  bytes: z.number().int().nonnegative().nullable().default(null),
});
export type TableFact = z.infer<typeof TableFact>;

/** A sequence's state. `last` is a 64-bit integer in decimal. */
export const SequencePosition = z.object({ last: z.string().regex(/^-?\d+$/), isCalled: z.boolean() });
export type SequencePosition = z.infer<typeof SequencePosition>;

/**
 * Sequences obey no snapshot, so the dump holds a position between the one read before pg_dump began and the one read
 * after it ended; both are the same where nobody drew a number meanwhile.
 */
export const SequenceFact = z.object({
  schema: z.string(),
  name: z.string(),
  before: SequencePosition.nullable(),
  after: SequencePosition.nullable(),
  unknown: UnknownReason.nullable(),
  /** The column it numbers, and that column's largest value in the snapshot (smallest, for one that counts down). */
  column: z
    .object({ schema: z.string(), table: z.string(), name: z.string(), extreme: z.string().nullable() })
    .nullable(),
});
export type SequenceFact = z.infer<typeof SequenceFact>;

export const OBJECT_KINDS = [
  'schemas',
  'extensions',
  'types',
  'collations',
  'table-properties',
  'sequence-properties',
  'columns',
  'indexes',
  'constraints',
  'views',
  'materialized-views',
  'foreign-tables',
  'foreign-servers',
  'functions',
  'languages',
  'operators',
  'casts',
  'conversions',
  'access-methods',
  'text-search',
  'triggers',
  'event-triggers',
  'rules',
  'policies',
  'row-security',
  'statistics',
  'inheritance',
  'comments',
  'owners',
  'grants',
  'default-privileges',
  'publications',
  'subscriptions',
] as const;
export const ObjectKind = z.enum(OBJECT_KINDS);
export type ObjectKind = z.infer<typeof ObjectKind>;

/** One object of the schema. */
export const ObjectFact = z.object({
  /** Unique within its kind: `public.items.items_pkey`. */
  name: z.string(),
  /** A hash of its definition as the server prints it; never the definition, which may hold what the archive encrypts. */
  print: z.string(),
  /** What people want to see of it: an extension's version, `not valid`. */
  note: z.string().optional(),
});
export type ObjectFact = z.infer<typeof ObjectFact>;

export const DatabaseFact = z.object({
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  localeProvider: z.enum(['libc', 'icu', 'builtin']),
  locale: z.string().nullable(),
  connectionLimit: z.number().int(),
  /** `role: setting=value`, or `setting=value` for every role; sorted. Values of settings that may be secret are hashed. */
  settings: z.array(z.string()),
  /** ACL items, sorted; null: the default. */
  grants: z.array(z.string()).nullable(),
  /** A hash, like every definition. */
  commentPrint: z.string().nullable(),
});
export type DatabaseFact = z.infer<typeof DatabaseFact>;

/** What a tree of files holds, as it went into the archive. */
export const FileFacts = z.object({
  files: z.number().int(),
  directories: z.number().int(),
  links: z.number().int(),
  /** Pipes, devices and sockets, which have no content: counted and not compared. Sockets are not in the archive. */
  others: z.number().int(),
  /** Of the contents of all files. */
  bytes: z.number().int(),
  /** Of every entry's path, kind, size, content and target of a link, whatever their order. */
  fingerprint: Fingerprint,
  /** Of every entry's path, mode, owner, group and time of change (whole seconds): what only root can restore in full. */
  properties: Fingerprint,
  /** Paths that were written to or went away while they were read, at most 100; the archive holds them as they were read. */
  changed: z.array(z.string()),
  changedCount: z.number().int(),
});
export type FileFacts = z.infer<typeof FileFacts>;

/** How many keys each database of a Redis server had just before and just after its snapshot was taken. */
export const KeyFacts = z.object({
  databases: z.array(
    z.object({ index: z.number().int(), before: z.number().int(), after: z.number().int() }),
  ),
});
export type KeyFacts = z.infer<typeof KeyFacts>;

/** What a restored copy must show, read in the dump's own snapshot. */
export const Facts = z.object({
  /** Ordinary and partitioned tables, partitions each counted. */
  tableCount: z.number().int(),
  tables: z.array(TableFact),
  /**
   * How the fingerprints of the tables were computed (docs/format.md). Those of different versions say nothing of each other.
   * Manifests without it hold version 1.
   */
  fingerprintVersion: z.number().int().positive().default(1),
  sequences: z.array(SequenceFact).nullable().default(null),
  largeObjects: z
    .object({
      count: z.number().int().nullable(),
      fingerprint: Fingerprint.nullable(),
      unknown: UnknownReason.nullable(),
    })
    .nullable()
    .default(null),
  /** By kind; a kind that could not be read is absent here and named in `unknownObjects`. */
  objects: z.partialRecord(ObjectKind, z.array(ObjectFact)).nullable().default(null),
  unknownObjects: z.partialRecord(ObjectKind, UnknownReason).default({}),
  database: DatabaseFact.nullable().default(null),
  /** Roles that own, may use, or are named by something in the dump; sorted. */
  roles: z.array(z.string()).nullable().default(null),
  /** Of `files`; null for other sources. */
  files: FileFacts.nullable().default(null),
  /** Of `redis`; null for other sources. */
  keys: KeyFacts.nullable().default(null),
  /** How long taking the facts took, beside the dump. */
  durationMs: z.number().int().nullable().default(null),
});
export type Facts = z.infer<typeof Facts>;
