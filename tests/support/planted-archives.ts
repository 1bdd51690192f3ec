import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Tier } from '#lib/contracts/backup.ts';
import { DUMP_FORMATS, manifestNameOf, manifestText, Manifest } from '#lib/contracts/manifest.ts';
import { archiveFilename } from '#lib/core/archive-name.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { sealManifest } from '#lib/pipeline/manifest-checksum.ts';

export interface Planted {
  readonly id: string;
  readonly filename: string;
  readonly manifest: Manifest;
  /** What the archive holds: no dump, but as long as its manifest says. */
  readonly bytes: Buffer;
}

/** An archive and its manifest as some run left them, without a dump having been taken. */
export function describeArchive(
  values: {
    readonly id?: string;
    readonly prefix?: string;
    readonly takenAt?: Date;
    readonly tiers?: readonly Tier[];
    readonly kind?: SourceKind;
    readonly database?: string;
    readonly suffix?: number;
    readonly change?: (manifest: Manifest) => object;
  } = {},
): Planted {
  const { id = randomUUID(), prefix = 'ims_backup', kind = 'postgres', database = 'ims_db' } = values;
  const { takenAt = new Date('2026-11-21T01:00:00Z'), tiers = ['DAILY'], suffix = 1 } = values;
  const filename = archiveFilename(prefix, takenAt, suffix, {
    kind,
    compression: 'zstd',
    isEncrypted: false,
  });
  const bytes = Buffer.from(`the archive of ${id}`);
  const stored = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  const manifest = Manifest.parse({
    format: 1,
    id,
    holdfastVersion: '0.1.0',
    source: { kind, productVersion: '15.18', database, dumpFormat: DUMP_FORMATS[kind] },
    archive: filename,
    tiers,
    description: null,
    takenAt: takenAt.toISOString(),
    snapshot: null,
    tools: {},
    stages: [{ stage: 'zstd', version: 1, params: {} }],
    options: { tables: null, excludedTables: [], schemaOnly: false },
    plain: { bytes: 5000, sha256: 'ab'.repeat(32) },
    stored,
    encryption: null,
    facts: { tableCount: 1, tables: [{ schema: 'public', name: 'items', rows: 7 }] },
  });
  const changed = (values.change?.(manifest) ?? manifest) as Manifest;
  return { id, filename, manifest: sealManifest(changed), bytes };
}

/** Writes both under `folder`; `key` is where, default the archive's own name. */
export function plant(folder: string, planted: Planted, key = planted.filename): Planted {
  const path = join(folder, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, planted.bytes);
  writeFileSync(manifestNameOf(path), manifestText(planted.manifest));
  return planted;
}
