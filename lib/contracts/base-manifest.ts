import { z } from 'zod';
import { ByteCount, StageRecord } from './manifest.ts';

const Lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/);

/**
 * `<archive>.base.json`, format 1 (docs/format.md): of a base backup, a server's whole data folder as a tar, from which write-ahead
 * log leads on to a later instant. Written last, beside the archive; holds no secret.
 */
export const BaseManifest = z.object({
  format: z.literal(1),
  kind: z.literal('base'),
  id: z.string(),
  holdfastVersion: z.string(),
  archive: z.string(),
  /** When it was asked for: the instant in the name. */
  takenAt: z.iso.datetime(),
  /** By the server's clock, after the last byte was read: the first instant that it can be recovered to. */
  endedAt: z.iso.datetime(),
  server: z.object({
    /** For example `15.18`; only a server of the same major reads it. */
    productVersion: z.string(),
    /** Of the cluster, decimal: every segment of its log carries it. */
    systemIdentifier: z.string().regex(/^\d+$/),
    /** The superuser that initdb made. */
    superuser: z.string(),
  }),
  wal: z.object({
    timeline: z.number().int().positive(),
    /** Replay begins here; the archive holds the log from here to `end`. */
    start: Lsn,
    /** Before it was replayed up to here the copy is not consistent. */
    end: Lsn,
    segmentBytes: z.number().int().positive(),
  }),
  tools: z.record(z.string(), z.string()),
  stages: z.array(StageRecord),
  /** The tar. */
  plain: ByteCount,
  /** What the destination holds. */
  stored: ByteCount,
  encryption: z.object({ scheme: z.literal('age'), recipients: z.array(z.string()) }).nullable(),
  /** SHA-256 of the document without this field, printed like the file (two spaces, a final newline). */
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BaseManifest = z.infer<typeof BaseManifest>;

export const BASE_MANIFEST_ENDING = '.base.json';
export const baseManifestNameOf = (archive: string): string => `${archive}${BASE_MANIFEST_ENDING}`;

/** What the manifest's file holds. */
export const baseManifestText = (manifest: BaseManifest): string => `${JSON.stringify(manifest, null, 2)}\n`;
