import { z } from 'zod';
import { UnknownReason } from '../../contracts/facts.ts';

/** What the process that opens databases is asked for: one JSON document on its standard input. */
export type SqliteOrder =
  /** Whether the live database can be read. */
  | { readonly kind: 'look'; readonly path: string }
  /** The rows of its tables. */
  | { readonly kind: 'count'; readonly path: string }
  /** A consistent copy of the live database. */
  | { readonly kind: 'copy'; readonly path: string; readonly to: string }
  /** Rows and fingerprints of a copy that nobody changes. */
  | ({ readonly kind: 'facts'; readonly path: string } & TableReading)
  /** Whether such a copy is sound, and then its facts. */
  | ({ readonly kind: 'check'; readonly path: string } & TableReading);

export interface TableReading {
  readonly takesFingerprints: boolean;
  /** A larger table gets no fingerprint, but `too-large`. */
  readonly fingerprintMaxBytes: number;
}

/** What it answers, one JSON document a line. */
export const SqliteLine = z.discriminatedUnion('type', [
  /** It lives, and whoever reads does too: else writing it fails. */
  z.object({ type: z.literal('beat') }),
  /** Every table, before any is read. */
  z.object({ type: z.literal('tables'), names: z.array(z.string()) }),
  z.object({
    type: z.literal('rows'),
    name: z.string(),
    rows: z.number().nullable(),
    bytes: z.number().nullable(),
    problem: z.string().optional(),
  }),
  z.object({
    type: z.literal('fingerprint'),
    name: z.string(),
    fingerprint: z.string().nullable(),
    unknown: UnknownReason.nullable(),
    problem: z.string().optional(),
  }),
  /** What `pragma integrity_check` found; `unable`: why it could not look. */
  z.object({ type: z.literal('integrity'), problems: z.array(z.string()), unable: z.string().nullable() }),
  /** Rows that refer to rows that are not there, by table. */
  z.object({
    type: z.literal('foreign-keys'),
    dangling: z.array(z.object({ table: z.string(), count: z.number() })),
    unable: z.string().nullable(),
  }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string(), hint: z.string() }),
]);
export type SqliteLine = z.infer<typeof SqliteLine>;
