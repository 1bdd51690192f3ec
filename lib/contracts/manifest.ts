import { z } from 'zod';
import { SOURCE_KINDS, type SourceKind } from '../core/source-kind.ts';
import { Tier } from './backup.ts';
import { Facts } from './facts.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const ByteCount = z.object({ bytes: z.number().int().nonnegative(), sha256: Sha256 });
export type ByteCount = z.infer<typeof ByteCount>;

/** A stage that changed the bytes, in order. A record never changes its meaning; a new meaning is a new version. */
export const StageRecord = z.object({
  stage: z.enum(['zstd', 'gzip', 'age']),
  version: z.number().int(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
});
export type StageRecord = z.infer<typeof StageRecord>;

/** What an archive holds once its stages are undone, by kind of source. */
export const DUMP_FORMATS = {
  postgres: 'custom',
  files: 'tar',
  sqlite: 'sqlite',
  redis: 'rdb',
} as const satisfies Record<SourceKind, string>;

/** `<archive>.manifest.json`, format 1 (docs/format.md). Written last, beside the archive; holds no secret. */
export const Manifest = z.object({
  format: z.literal(1),
  id: z.string(),
  holdfastVersion: z.string(),
  source: z.object({
    kind: z.enum(SOURCE_KINDS),
    /** The server's version, for example `15.18`; of files that of tar, of SQLite that of the library. */
    productVersion: z.string(),
    /** The database; of files and SQLite the path, of Redis the address. */
    database: z.string(),
    dumpFormat: z.enum(['custom', 'tar', 'sqlite', 'rdb']),
  }),
  archive: z.string(),
  tiers: z.array(Tier).min(1),
  description: z.string().nullable(),
  takenAt: z.iso.datetime(),
  /** The exported snapshot pg_dump read; null where the server cannot export one. */
  snapshot: z.string().nullable(),
  /** Tool name → version string, for example `pg_dump` → `15.18`. */
  tools: z.record(z.string(), z.string()),
  stages: z.array(StageRecord),
  options: z.object({
    tables: z.array(z.string()).nullable(),
    excludedTables: z.array(z.string()),
    schemaOnly: z.boolean(),
    /** Null for all sources but files. */
    files: z
      .object({ only: z.array(z.string()).nullable(), excludes: z.array(z.string()) })
      .nullable()
      .default(null),
  }),
  /** What the dump wrote. */
  plain: ByteCount,
  /** What the destinations hold. */
  stored: ByteCount,
  encryption: z.object({ scheme: z.literal('age'), recipients: z.array(z.string()) }).nullable(),
  facts: Facts,
  /**
   * SHA-256 of the document without this field, printed like the file (two spaces, a final newline); absent in
   * manifests of older versions. Tells an edit, not a forger.
   */
  checksum: Sha256.optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** What the manifest's file holds. */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`;

const MANIFEST_ENDING = '.manifest.json';

export const manifestNameOf = (archive: string): string => `${archive}${MANIFEST_ENDING}`;

/** The archive beside which a manifest of this name lies; null for a name that is no manifest's. */
export const archiveNameOf = (manifestName: string): string | null =>
  manifestName.endsWith(MANIFEST_ENDING) ? manifestName.slice(0, -MANIFEST_ENDING.length) : null;
